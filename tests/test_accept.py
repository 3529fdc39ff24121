"""The fast accept says yes only where the rules have nothing to say."""

from __future__ import annotations

import copy
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
from wirecopy.rules import rules_of
from wirecopy.rules.corpus import USED_INVENTORIES, labels_used
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


def test_sound_articles_are_accepted_so_that_it_pays():
    synthetic = [make_article(3, i) for i in range(64)]
    sound, batch = accept.undoubted([*synthetic, base()])
    assert sound.all()
    assert batch.num_rows == 65


def test_most_articles_of_the_corpus_are_accepted(written_articles):
    sound, _ = accept.undoubted(list(written_articles.values()))
    assert sound.sum() >= 0.8 * len(sound)


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


MISTAKES = (
    moved, shifted, relabelled, relevelled, flipped, redirected, swapped, dropped, doubled, renamed, misvalued,
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
        sound, _ = accept.undoubted(group)
        for article, accepted in zip(group, sound, strict=True):
            problems = check_article(article)
            at_fault.update({problem.rule for problem in problems})
            assert not (accepted and problems), problems
    assert len(at_fault) >= 30, at_fault


def test_doubts_about_one_article_leave_its_neighbours_alone(mistaken):
    """Beside sound articles, the verdict on each is what it is alone, or a doubt."""
    for article in mistaken[:60]:
        alone, _ = accept.undoubted([article])
        sound, _ = accept.undoubted([base(), article, make_article(5, 0)])
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
    assert verdicts == {True, False}


def free_of_repeated_keys(content):
    batch = pa.RecordBatch.from_pylist([orjson.loads(content)], schema=shape.article_arrow_schema())
    return accept.free_of_repeated_keys([content], batch).all()


def test_string_that_looks_like_a_key_is_a_doubt_for_its_own_article_alone(article):
    """`":` in a string is written `\\":`; a colon after a space is none."""
    other = {**article, "title": 'so called ":', "publisher": "Rue : the paper"}
    batch = pa.RecordBatch.from_pylist([article, other, article], schema=shape.article_arrow_schema())
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
    assert not accept.undoubted([article])[0].any()


def test_keys_are_counted_at_every_depth(written_articles):
    def count(node):
        if isinstance(node, dict):
            return len(node) + sum(map(count, node.values()))
        return sum(map(count, node)) if isinstance(node, list) else 0

    articles = list(written_articles.values())
    batch = pa.RecordBatch.from_pylist(articles, schema=shape.article_arrow_schema())
    assert accept._n_keys(batch) == count(articles)
    for i, article in enumerate(articles):
        assert accept._n_keys(batch.slice(i, 1)) == count(article)


def test_labels_are_counted_in_columns_as_in_articles(written_articles):
    articles = list(written_articles.values())
    batch = pa.RecordBatch.from_pylist(articles, schema=shape.article_arrow_schema())
    assert accept.label_counts(batch) == {name: dict(counts) for name, counts in labels_used(articles).items()}
    assert accept.label_counts(batch).keys() == USED_INVENTORIES.keys()
