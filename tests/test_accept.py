"""The fast accept says yes only where the rules have nothing to say."""

from __future__ import annotations

import copy
import json
from collections import Counter
from random import Random

import orjson
import pyarrow as pa
import pytest

from generate import make_article
from planted import ARTICLE_GOLDENS, FILE_GOLDENS, GOLDEN, base
from wirecopy import accept, shape
from wirecopy.article import format_article, spans_of, text_hash
from wirecopy.documents import Document
from wirecopy.overlap import own_text, packed_runs
from wirecopy.rules import rules_of
from wirecopy.rules.corpus import USED_INVENTORIES, Digest, labels_used
from wirecopy.validate import check_article, check_bytes, examine

N_MISTAKES = 1_000


def test_every_article_rule_has_a_check_that_stands_for_it():
    assert accept.STANDS_FOR.keys() == {rule.id for rule in rules_of("article")}


@pytest.mark.parametrize("rule_id", sorted(ARTICLE_GOLDENS | FILE_GOLDENS))
def test_planted_mistake_is_never_accepted_and_examined_as_the_rules_judge_it(rule_id):
    path = GOLDEN / rule_id / "bad.json"
    [(article, problems)] = examine([Document(str(path))]).judged
    assert problems
    assert (article, problems) == check_bytes(path.read_bytes(), path.as_posix())


def sound_ones(articles):
    """Of each article of the right shape whether it is accepted."""
    return accept.accepted([orjson.dumps(article) for article in articles]).sound


def as_columns(articles):
    return pa.RecordBatch.from_pylist(articles, schema=shape.article_arrow_schema())


def test_sound_articles_are_accepted_so_that_it_pays():
    articles = [*(make_article(3, i) for i in range(64)), base()]
    accepted = accept.accepted([orjson.dumps(article) for article in articles])
    assert accepted.sound.all()
    assert accepted.columns.batch.equals(as_columns(articles))


def test_most_articles_of_the_corpus_are_accepted(written_articles):
    sound = sound_ones(written_articles.values())
    assert sound.sum() >= 0.8 * len(sound)


def in_other_order(node):
    if isinstance(node, dict):
        return {key: in_other_order(node[key]) for key in sorted(node, reverse=True)}
    return [in_other_order(item) for item in node] if isinstance(node, list) else node


@pytest.mark.parametrize(
    "form",
    [
        orjson.dumps,
        lambda article: orjson.dumps(article, option=orjson.OPT_SORT_KEYS),
        format_article,
        lambda article: json.dumps(article).encode(),
        lambda article: json.dumps(article, ensure_ascii=False, indent=4, separators=(",\t", ":\r\n")).encode(),
        lambda article: orjson.dumps(in_other_order(article)),
    ],
)
def test_article_is_accepted_in_whatever_form_its_json_is_written(form):
    articles = [*(make_article(3, i) for i in range(4)), base()]
    for last in (form, orjson.dumps):
        accepted = accept.accepted([*map(form, articles[:-1]), last(articles[-1])])
        assert accepted.sound.all()
        assert accepted.columns.batch.equals(as_columns(articles))
        assert list(accepted.columns.canonical) == [orjson.dumps(a, option=orjson.OPT_SORT_KEYS) for a in articles]


ARTICLE = orjson.dumps(make_article(3, 0))
NO_ARTICLES = {
    "a field that may be null is missing": ARTICLE.replace(b'"source":null', b'"sauce":null', 1),
    "a field is gone": ARTICLE.replace(b',"source":null', b"", 1),
    "a field too many": ARTICLE.replace(b'"source":null', b'"source":null,"more":1', 1),
    "a key twice": ARTICLE.replace(b'"source":null', b'"source":"a","source":null', 1),
    "a number with a fraction": ARTICLE.replace(b'"start":0,', b'"start":0.0,', 1),
    "a number with an exponent": ARTICLE.replace(b'"start":0,', b'"start":0e1,', 1),
    "a number with noughts": ARTICLE.replace(b'"start":0,', b'"start":00,', 1),
    "a number too large": ARTICLE.replace(b'"start":0,', b'"start":9223372036854775808,', 1),
    "a number as text": ARTICLE.replace(b'"start":0,', b'"start":"0",', 1),
    "a truth as number": ARTICLE.replace(b'"continues":false', b'"continues":0', 1),
    "null for a list": orjson.dumps({**make_article(3, 0), "values": None}),
    "null in a list": orjson.dumps({**make_article(3, 0), "topics": [None]}),
    "an empty list": orjson.dumps({**make_article(3, 0), "topics": []}),
    "a list with one thing twice": orjson.dumps({**make_article(3, 0), "topics": ["labour", "labour"]}),
    "an unknown label": orjson.dumps({**make_article(3, 0), "genre": "Currant"}),
    "an empty string": orjson.dumps({**make_article(3, 0), "publisher": ""}),
    "a string too long": orjson.dumps({**make_article(3, 0), "id": "a" * 81}),
    "a string of another pattern": orjson.dumps({**make_article(3, 0), "published": "2031-13-01"}),
    "a pattern with a line feed behind": orjson.dumps({**make_article(3, 0), "published": "2031-12-01\n"}),
    "the character of no code": orjson.dumps({**make_article(3, 0), "publisher": "The\0Wire", "id": 5}),
    "a raw control character": ARTICLE.replace(b'"publisher":"', b'"publisher":"\x01', 1),
    "a raw line feed": ARTICLE.replace(b'"publisher":"', b'"publisher":"\n', 1),
    "half a pair of surrogates": ARTICLE.replace(b'"publisher":"', b'"publisher":"\\ud800', 1),
    "bytes that are no UTF-8": ARTICLE.replace(b'"publisher":"', b'"publisher":"\xff', 1),
    "a byte order mark": b"\xef\xbb\xbf" + ARTICLE,
    "two articles": ARTICLE + ARTICLE,
    "two articles on two lines": ARTICLE + b"\n" + ARTICLE,
    "half an article": ARTICLE[:-90],
    "no more than a list": b"[" + ARTICLE + b"]",
    "null": b"null",
    "nothing": b"",
    "white space": b" \n ",
    "the byte nought": b"\0",
    "brackets without end": b'{"more":' + b"[" * 100_000,
}


@pytest.mark.parametrize("what", NO_ARTICLES)
def test_document_that_is_no_article_is_doubted_and_its_neighbours_are_not(what):
    """Whatever reading it as columns makes of it: nothing is accepted that the rules find fault with."""
    other = orjson.dumps(make_article(3, 1))
    accepted = accept.accepted([other, NO_ARTICLES[what], ARTICLE])
    assert accepted is None or accepted.sound.tolist() in ([True, False, True], [False] * 3)
    documents = [Document("x.jsonl", None, i, 0, len(c), c) for i, c in enumerate((other, NO_ARTICLES[what], ARTICLE))]
    group = examine(documents)
    problems = [found for _, found in group.judged]
    assert list(map(bool, problems)) == [False, True, False]
    assert group.problems == problems[1]
    assert group.columns is None


def test_keyword_that_columns_cannot_show_is_a_doubt():
    """The schema may learn keywords that the check of columns does not know."""
    node = {"type": "string", "minLength": 1}
    assert shape._check_of(node)(pa.array(["a"]))
    assert not shape._check_of({**node, "format": "uri"})(pa.array(["a"]))


def test_string_that_was_sound_once_is_asked_for_no_more_and_another_is(monkeypatch):
    monkeypatch.setattr("wirecopy.shape._MOST_KNOWN", 2)
    check = shape._check_of({"type": ["string", "null"], "pattern": "^[a-z]$"})
    for strings in (["a", "b", None], ["a", "c"], ["d", "a"], ["b"]):
        assert check(pa.array(strings))
        assert not check(pa.array([*strings, "A"]))


def test_two_documents_that_share_an_article_are_none():
    """As many articles as documents, read one behind the other, and none where it belongs."""
    documents = [ARTICLE + b"\n" + ARTICLE, b" "]
    accepted = accept.accepted(documents)
    assert accepted is None or not accepted.sound.any()
    documents = [ARTICLE[:100], ARTICLE[100:], ARTICLE + ARTICLE]
    accepted = accept.accepted(documents)
    assert accepted is None or not accepted.sound.any()


def test_digests_and_runs_are_those_of_the_articles(written_articles):
    articles = [*written_articles.values(), *(make_article(3, i) for i in range(9))]
    columns = accept.undoubted_columns(as_columns(articles))
    places = [f"articles/{article['id']}.json" for article in articles]
    assert accept.digests(columns, places) == list(map(Digest.of, places, articles))
    packed, sizes = accept.runs(columns)
    expected, expected_sizes = packed_runs([own_text(article) for article in articles])
    assert packed.tolist() == expected.tolist()
    assert sizes.tolist() == expected_sizes.tolist()


def any_span(random, article):
    return random.choice([span for _, span in spans_of(article)])


def moved(random, article):
    span = any_span(random, article)
    edge = random.choice(("start", "end"))
    span[edge] = max(0, span[edge] + random.choice((-7, -3, -1, 1, 2, 5)))
    if span["start"] < span["end"] <= len(article["text"]) and random.random() < 0.8:
        span["text"] = article["text"][span["start"] : span["end"]]


def shifted(random, article):
    span, by = any_span(random, article), random.choice((-4, -1, 1, 3, 40))
    if span["start"] + by >= 0 and span["end"] + by <= len(article["text"]):
        span.update(start=span["start"] + by, end=span["end"] + by)
        span["text"] = article["text"][span["start"] : span["end"]]


def relabelled(random, article):
    layer, field, inventory = random.choice(
        [
            ("zones", "kind", "zone_kind"),
            ("entities", "type", "entity_type"),
            ("values", "type", "value_type"),
            ("attributions", "type", "attribution_type"),
            ("attributions", "source_type", "source_type"),
            ("events", "type", "event_type"),
            ("events", "realis", "realis"),
            ("events", "polarity", "polarity"),
        ]
    )
    random.choice(article[layer])[field] = random.choice(shape.names(inventory))


def relevelled(random, article):
    random.choice(random.choice(article["entities"])["mentions"])["level"] = random.choice(("NAM", "NOM", "PRO"))


def flipped(random, article):
    layer, field = random.choice((("zones", "continues"), ("attributions", "implicit"), ("attributions", "anonymous")))
    item = random.choice(article[layer])
    item[field] = not item[field]


def redirected(random, article):
    ids = [item["id"] for layer in ("entities", "values", "attributions", "events") for item in article[layer]]
    target = random.choice([*ids, None, "nobody"])
    attribution = random.choice(article["attributions"])
    arguments = [argument for event in article["events"] for argument in event["arguments"]]
    which = random.choice(("source_entity", "parent", "entity", "value", "event", "role", "id"))
    if which in attribution and which != "id":
        attribution[which] = target
    elif which == "role":
        random.choice(arguments)["role"] = random.choice(shape.names("argument_role"))
    elif which == "id":
        random.choice(article[random.choice(("entities", "values", "events"))])["id"] = target or "x"
    else:
        random.choice(arguments)[which] = target


def swapped(random, article):
    items = random.choice([article["zones"], article["entities"], article["values"], article["events"]])
    i, j = (random.randrange(len(items)) for _ in range(2))
    items[i], items[j] = items[j], items[i]


def dropped(random, article):
    items = random.choice([article["zones"], article["entities"], article["values"], article["attributions"]])
    del items[random.randrange(len(items))]


def doubled(random, article):
    layer = random.choice(("zones", "entities", "values", "attributions", "events"))
    item = copy.deepcopy(random.choice(article[layer]))
    if "id" in item and random.random() < 0.7:
        item["id"] = "copied"
    article[layer].insert(random.randrange(len(article[layer])), item)


def renamed(random, article):
    if random.random() < 0.3:
        article["title"] = article["title"][1:]
    else:
        random.choice(article["entities"])["name"] = random.choice(("Somebody Else", "the Tarn", "Tarn and Lee"))


def misvalued(random, article):
    random.choice(article["values"])["value"] = random.choice((None, "2031-02-30", "P3D", "XXXX", "T25:00", "soon"))


def rewritten(random, article):
    """A character of the text replaced, and everything that repeats it made to agree."""
    at = random.randrange(len(article["text"]))
    character = random.choice(' \n\t\r"“’x\u0301\u200d\u00ad\U0001f1e8ſ\u0378')
    text = article["text"][:at] + character + article["text"][at + 1 :]
    article.update(text=text, text_sha256=text_hash(text))
    for _, span in spans_of(article):
        span["text"] = text[span["start"] : span["end"]]


def misdated(random, article):
    random.choice(article["annotation"]["passes"])["date"] = "2031-02-30"


def missaid(random, article):
    """A surface that is not what stands there, as long or of another length."""
    span = any_span(random, article)
    at = random.randrange(len(span["text"]))
    span["text"] = span["text"][:at] + random.choice(("x", "é", "xy")) + span["text"][at + 1 :]


MISTAKES = (
    missaid, moved, shifted, relabelled, relevelled, flipped, redirected, swapped, dropped, doubled, renamed, misvalued,
    rewritten, misdated,
)  # fmt: skip


@pytest.fixture(scope="module")
def mistaken(written_articles):
    """Articles with one to three random changes each; many of them are mistakes."""
    random = Random(7)
    sources = [base(), *written_articles.values(), *(make_article(5, i) for i in range(12))]
    articles = []
    for i in range(N_MISTAKES):
        article = copy.deepcopy(sources[i % len(sources)])
        for mistake in random.choices(MISTAKES, k=random.choice((1, 1, 1, 2, 3))):
            mistake(random, article)
        articles.append(article)
    return articles


def test_nothing_that_a_rule_finds_fault_with_is_accepted(mistaken):
    judged = [article for article in mistaken if shape.surely_valid(article)]
    at_fault = Counter()
    for at in range(0, len(judged), 16):
        group = judged[at : at + 16]
        sound = sound_ones(group)
        for article, accepted in zip(group, sound, strict=True):
            problems = check_article(article)
            at_fault.update({problem.rule for problem in problems})
            assert not (accepted and problems), problems
    assert len(at_fault) >= 30, at_fault


def test_surface_is_looked_at_beside_one_of_wrong_length(written_articles):
    first, second = copy.deepcopy(list(written_articles.values())[:2])
    first["zones"][1]["text"] += "s"
    second["zones"][1]["text"] = "Z" + second["zones"][1]["text"][1:]
    assert sound_ones([first, second, base()]).tolist() == [False, False, True]


def test_gap_is_looked_at_beside_zones_in_disorder(written_articles):
    first, second = copy.deepcopy(list(written_articles.values())[:2])
    first["zones"][1:3] = first["zones"][2:0:-1]
    del second["zones"][-1]
    assert sound_ones([first, second, base()]).tolist() == [False, False, True]
    assert sound_ones([base(), second, first]).tolist() == [True, False, False]


def test_doubts_about_one_article_leave_its_neighbours_alone(mistaken):
    """Beside sound articles, the verdict on each is what it is alone, or a doubt."""
    for article in mistaken[:60]:
        if shape.surely_valid(article):
            alone, sound = sound_ones([article]), sound_ones([base(), article, make_article(5, 0)])
            assert not (sound[1] and not alone[0])


def test_both_validators_of_the_schema_say_the_same(mistaken):
    """Draft 4, which is asked first, knows no fraction as an integer; all else it reads as draft 2020-12 does."""
    random = Random(11)
    verdicts = set()
    for article in mistaken[:120]:
        spoilt = copy.deepcopy(article)
        place = random.choice([spoilt, *spoilt["zones"], *spoilt["attributions"], *spoilt["values"]])
        key = random.choice(list(place))
        match random.randrange(5):
            case 0:
                del place[key]
            case 1:
                place["surplus"] = 1
            case 2:
                place[key] = None
            case 3:
                place[key] = float(place[key]) if isinstance(place[key], int) else 3
            case 4:
                place[key] = "" if isinstance(place[key], str) else []
        verdicts.add(shape.surely_valid(spoilt))
        assert shape.surely_valid(spoilt) == (shape.violations(spoilt) == [])
        accepted = accept.accepted([orjson.dumps(spoilt)])
        assert shape.surely_valid(spoilt) or accepted is None or not accepted.sound.any()
    assert verdicts == {True, False}


def free_of_repeated_keys(content):
    batch = as_columns([orjson.loads(content)])
    return accept.free_of_repeated_keys([content], batch).all()


def test_string_that_looks_like_a_key_is_a_doubt_for_its_own_article_alone(article):
    """`":` in a string is written `\\":`; a colon after a space is none."""
    other = {**article, "title": 'so called ":', "publisher": "Rue : the paper"}
    batch = as_columns([article, other, article])
    contents = [orjson.dumps(a) for a in (article, other, article)]
    assert accept.free_of_repeated_keys(contents, batch).tolist() == [True, False, True]


def test_key_that_stands_twice_is_noticed_however_the_file_is_laid_out(article):
    for content in (format_article(article), orjson.dumps(article)):
        assert free_of_repeated_keys(content)
        for key in (b'"realis":', b'"title":', b'"level":', b'"title" :', b'"title"\n\t:'):
            plain = key.split(b'"')[1].join((b'"', b'":'))
            twice = content.replace(plain, key + b'"x",' + plain, 1)
            spaced = twice.replace(b'"publisher":', b'"publisher" :')
            for one in (twice, spaced):
                assert not free_of_repeated_keys(one)


def headline_in_pieces(article):
    """The title is one piece of a headline that boilerplate parts."""
    first = article["zones"][0]
    cut = first["start"] + first["text"].index(" ", 4)
    later = {**first, "start": cut + 3, "text": first["text"][cut + 3 - first["start"] :], "continues": True}
    article["title"] = article["text"][first["start"] : cut]
    promo = {**first, "start": cut + 1, "end": cut + 2, "kind": "promo", "continues": False}
    first.update(end=cut, text=article["title"])
    promo["text"] = article["text"][promo["start"] : promo["end"]]
    article["zones"][1:1] = [promo, later]


def name_beyond_ascii(article):
    entity = next(e for e in article["entities"] if any(m["level"] == "NAM" for m in e["mentions"]))
    entity["name"] = "\u0130" + entity["name"][1:]


def unnamed_source_that_lists_names(article):
    """With a comma and no "and" between them."""
    is_named = {e["id"]: any(m["level"] == "NAM" for m in e["mentions"]) for e in article["entities"]}
    sources = {a["source_entity"] for a in article["attributions"] if a["source_type"].startswith("unnamed_")}
    group = next(e for e in article["entities"] if e["id"] in sources and not is_named[e["id"]])
    group["name"] = ", ".join([e["name"] for e in article["entities"] if is_named[e["id"]]][:2])


@pytest.mark.parametrize("change", [headline_in_pieces, name_beyond_ascii, unnamed_source_that_lists_names])
def test_what_the_rules_find_is_never_taken_for_sound(article, change):
    change(article)
    assert check_article(article)
    assert not sound_ones([article]).any()


def test_keys_are_counted_at_every_depth(written_articles):
    def count(node):
        if isinstance(node, dict):
            return len(node) + sum(map(count, node.values()))
        return sum(map(count, node)) if isinstance(node, list) else 0

    articles = list(written_articles.values())
    batch = as_columns(articles)
    assert accept._n_keys(batch) == count(articles)
    for i, article in enumerate(articles):
        assert accept._n_keys(batch.slice(i, 1)) == count(article)


def test_labels_are_counted_in_columns_as_in_articles(written_articles):
    articles = list(written_articles.values())
    counts = accept.label_counts(accept.undoubted_columns(as_columns(articles)))
    assert counts == {name: dict(found) for name, found in labels_used(articles).items()}
    assert counts.keys() == USED_INVENTORIES.keys()
