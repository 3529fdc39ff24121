"""A Hub on the loopback: the part of the Hugging Face Hub's HTTP interface that publishing and loading use.

Repositories, large objects and tags live in memory. The tests speak to it through `huggingface_hub`
and `datasets`, unchanged. It can be told to break connections, and counts what it was sent.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "hf_good"
EMPTY = "0" * 40


@dataclass
class Repo:
    """A dataset repository: trees (contents by path) by commit, and the commits of its branch and tags."""

    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    main: str = ""
    tags: dict[str, str] = field(default_factory=dict)

    def commit(self, tree: dict[str, bytes]) -> str:
        described = repr((self.main, sorted((p, hashlib.sha256(c).hexdigest()) for p, c in tree.items())))
        self.main = hashlib.sha1(described.encode()).hexdigest()
        self.commits[self.main] = tree
        return self.main

    def resolve(self, revision: str) -> str | None:
        named = {"main": self.main, **self.tags}
        return named.get(revision, revision if revision in self.commits else None)


@dataclass
class Hub:
    """What the server holds and how it misbehaves.

    `breaks` maps a kind of request ("put", "commit", "commit-answer", "tag") to how many of them are
    answered before connections break; `seen` counts requests by kind.
    """

    url: str = ""
    repos: dict[str, Repo] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    breaks: dict[str, int] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)
    sent: Counter[str] = field(default_factory=Counter)
    """How often each large object was sent, by its hash."""
    full: int | None = None
    """After how many large objects the Hub takes no more and lets the client wait."""
    waiting: threading.Event = field(default_factory=threading.Event)
    """Set when a client is left waiting so."""
    closing: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Answer(Exception):
    """An answer that ends the handling of a request."""

    def __init__(self, status: int, body: Any = None, **headers: str) -> None:
        super().__init__(status)
        self.status, self.body, self.headers = status, body, headers


def is_large(path: str) -> bool:
    return path.endswith(".parquet")


def entry(path: str, content: bytes) -> dict[str, Any]:
    """A file as the tree of a repository lists it."""
    pointer = b"blob %d\0%s" % (len(content), content)
    listed = {"type": "file", "path": path, "size": len(content), "oid": hashlib.sha1(pointer).hexdigest()}
    if is_large(path):
        listed["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}
    return listed


class Handler(BaseHTTPRequestHandler):
    """One request: found in `ROUTES` by method and path, answered with JSON or a file."""

    protocol_version = "HTTP/1.1"
    hub: Hub

    def handle_any(self) -> None:
        path = unquote(urlsplit(self.path).path)
        length = int(self.headers.get("Content-Length") or 0)
        self.content = self.rfile.read(length)
        try:
            self._authorize()
            for method, pattern, handle in ROUTES:
                if method == self.command.replace("HEAD", "GET") and (match := re.fullmatch(pattern, path)):
                    handle(self, **match.groupdict())
            raise Answer(404, {"error": f"no such endpoint: {self.command} {path}"})
        except Answer as answer:
            self._send(answer)
        except ConnectionAbortedError:
            self.close_connection = True
            self.connection.close()

    do_GET = do_HEAD = do_POST = do_PUT = handle_any

    def _authorize(self) -> None:
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        writes = self.command in ("POST", "PUT") and "/objects/" not in self.path and "paths-info" not in self.path
        if (token and token != TOKEN) or (writes and token != TOKEN):
            message = "Invalid credentials in Authorization header"
            raise Answer(401, {"error": message}, X_Error_Message=message)

    def _send(self, answer: Answer) -> None:
        body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for name, value in {"Content-Type": "application/json", **answer.headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass

    def count(self, kind: str) -> None:
        """Count a request, and break the connection when its time has come."""
        self.hub.seen[kind] += 1
        left = self.hub.breaks.get(kind)
        if left is not None:
            self.hub.breaks[kind] = left - 1
            if left <= 0:
                raise ConnectionAbortedError

    def repo(self, repo_id: str) -> Repo:
        if repo_id not in self.hub.repos:
            raise Answer(404, {"error": "Repository not found"}, X_Error_Code="RepoNotFound")
        return self.hub.repos[repo_id]

    def tree(self, repo_id: str, revision: str) -> tuple[str, dict[str, bytes]]:
        repo = self.repo(repo_id)
        commit = repo.resolve(revision)
        if commit is None:
            raise Answer(404, {"error": "Revision not found"}, X_Error_Code="RevisionNotFound")
        return commit, repo.commits[commit]


def create(request: Handler) -> None:
    asked = json.loads(request.content)
    repo_id = f"{asked['organization']}/{asked['name']}"
    if repo_id in request.hub.repos:
        raise Answer(409, {"error": "You already created this dataset repo", "url": request.hub.url})
    request.hub.repos[repo_id] = Repo()
    request.hub.repos[repo_id].commit({".gitattributes": b"*.parquet filter=lfs\n"})
    raise Answer(200, {"url": f"{request.hub.url}/datasets/{repo_id}", "id": repo_id})


def validate(request: Handler) -> None:
    raise Answer(200, {"errors": [], "warnings": []})


def preupload(request: Handler, repo: str, revision: str) -> None:
    request.repo(repo)
    files = [
        {"path": f["path"], "uploadMode": "lfs" if is_large(f["path"]) else "regular", "shouldIgnore": False}
        for f in json.loads(request.content)["files"]
    ]
    raise Answer(200, {"files": files})


def batch(request: Handler, repo: str) -> None:
    request.repo(repo)
    objects = []
    for asked in json.loads(request.content)["objects"]:
        objects.append(dict(asked))
        if asked["oid"] not in request.hub.objects:
            objects[-1]["actions"] = {"upload": {"href": f"{request.hub.url}/objects/{asked['oid']}", "header": {}}}
    raise Answer(200, {"transfer": "basic", "objects": objects})


def put(request: Handler, oid: str) -> None:
    request.count("put")
    if hashlib.sha256(request.content).hexdigest() != oid:
        raise Answer(400, {"error": "the content has another hash"})
    with request.hub.lock:
        is_full = request.hub.full is not None and len(request.hub.objects) >= request.hub.full
        if not is_full:
            request.hub.sent[oid] += 1
            request.hub.objects[oid] = request.content
    if is_full:
        request.hub.waiting.set()
        request.hub.closing.wait()
        raise ConnectionAbortedError
    raise Answer(200, {})


def commit(request: Handler, repo: str, revision: str) -> None:
    request.count("commit")
    found = request.repo(repo)
    operations = [json.loads(line) for line in request.content.splitlines() if line]
    tree = dict(found.commits[found.main])
    for operation in operations:
        value = operation["value"]
        match operation["key"]:
            case "header":
                if value.get("parentCommit") not in (None, found.main):
                    raise Answer(412, {"error": "A commit has happened since. Please refresh and try again."})
            case "file":
                tree[value["path"]] = base64.b64decode(value["content"])
            case "lfsFile":
                tree[value["path"]] = request.hub.objects[value["oid"]]
            case "deletedFile":
                del tree[value["path"]]
    oid = found.commit(tree)
    request.count("commit-answer")
    raise Answer(200, {"commitUrl": f"{request.hub.url}/datasets/{repo}/commit/{oid}", "commitOid": oid})


def tag(request: Handler, repo: str, revision: str) -> None:
    request.count("tag")
    found, name = request.repo(repo), json.loads(request.content)["tag"]
    if name in found.tags:
        raise Answer(409, {"error": "Tag reference exists already"})
    found.tags[name] = request.tree(repo, revision)[0]
    raise Answer(200, {})


def info(request: Handler, repo: str, revision: str | None = None) -> None:
    oid, tree = request.tree(repo, revision or "main")
    siblings = [{"rfilename": path} for path in sorted(tree)]
    described = {"_id": "1", "id": repo, "sha": oid, "private": False, "disabled": False, "gated": False}
    raise Answer(200, {**described, "tags": [], "downloads": 0, "likes": 0, "siblings": siblings})


def refs(request: Handler, repo: str) -> None:
    found = request.repo(repo)
    tags = [{"name": t, "ref": f"refs/tags/{t}", "targetCommit": c} for t, c in found.tags.items()]
    main = {"name": "main", "ref": "refs/heads/main", "targetCommit": found.main}
    raise Answer(200, {"branches": [main], "tags": tags, "converts": []})


def list_tree(request: Handler, repo: str, revision: str, folder: str | None = None) -> None:
    _, tree = request.tree(repo, revision)
    prefix = f"{folder}/" if folder else ""
    below = {path: content for path, content in tree.items() if path.startswith(prefix)}
    folders = {f"{prefix}{p[len(prefix) :].split('/')[0]}" for p in below if "/" in p[len(prefix) :]}
    recursive = "true" in parse_qs(urlsplit(request.path).query).get("recursive", [""])[0].lower()
    if prefix and not below:
        raise Answer(404, {"error": "no such folder"}, X_Error_Code="EntryNotFound")
    shown = [entry(p, c) for p, c in sorted(below.items()) if recursive or "/" not in p[len(prefix) :]]
    shown += [{"type": "directory", "path": f, "oid": EMPTY, "size": 0} for f in sorted(folders)]
    raise Answer(200, shown)


def paths_info(request: Handler, repo: str, revision: str) -> None:
    _, tree = request.tree(repo, revision)
    asked = parse_qs(request.content.decode()).get("paths")
    asked = asked if asked is not None else json.loads(request.content)["paths"]
    shown: list[dict[str, Any]] = [entry(path, tree[path]) for path in asked if path in tree]
    shown += [
        {"type": "directory", "path": path, "oid": EMPTY, "size": 0}
        for path in asked
        if any(name.startswith(f"{path}/") for name in tree)
    ]
    raise Answer(200, shown)


def resolve(request: Handler, repo: str, revision: str, path: str) -> None:
    oid, tree = request.tree(repo, revision)
    if path not in tree:
        raise Answer(404, {"error": "Entry not found"}, X_Error_Code="EntryNotFound", X_Repo_Commit=oid)
    content, listed = tree[path], entry(path, tree[path])
    headers = {"X_Repo_Commit": oid, "ETag": f'"{listed.get("lfs", listed)["oid"]}"', "Accept_Ranges": "bytes"}
    headers["Content_Type"] = "application/octet-stream"
    span = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range") or "")
    if span is None:
        raise Answer(200, content, **headers)
    first, last = int(span[1]), min(int(span[2] or len(content) - 1), len(content) - 1)
    headers["Content_Range"] = f"bytes {first}-{last}/{len(content)}"
    raise Answer(206, content[first : last + 1], **headers)


_REPO = r"(?P<repo>[^/]+/[^/]+)"
ROUTES: list[tuple[str, str, Callable[..., None]]] = [
    ("POST", r"/api/repos/create", create),
    ("POST", r"/api/validate-yaml", validate),
    ("POST", rf"/api/datasets/{_REPO}/preupload/(?P<revision>[^/]+)", preupload),
    ("POST", rf"/api/datasets/{_REPO}/commit/(?P<revision>[^/]+)", commit),
    ("POST", rf"/api/datasets/{_REPO}/tag/(?P<revision>[^/]+)", tag),
    ("POST", rf"/datasets/{_REPO}\.git/info/lfs/objects/batch", batch),
    ("PUT", r"/objects/(?P<oid>[0-9a-f]{64})", put),
    ("GET", rf"/api/datasets/{_REPO}", info),
    ("GET", rf"/api/datasets/{_REPO}/revision/(?P<revision>[^/]+)", info),
    ("GET", rf"/api/datasets/{_REPO}/refs", refs),
    ("GET", rf"/api/datasets/{_REPO}/tree/(?P<revision>[^/]+)(?:/(?P<folder>.+))?", list_tree),
    ("POST", rf"/api/datasets/{_REPO}/paths-info/(?P<revision>[^/]+)", paths_info),
    ("GET", rf"/datasets/{_REPO}/resolve/(?P<revision>[^/]+)/(?P<path>.+)", resolve),
]
"""Method, path and handler of every endpoint."""


@contextmanager
def serving():
    """A fresh Hub on a free port of 127.0.0.1, for the time of the block."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("HubHandler", (Handler,), {"hub": hub}))
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # A client that went away is no error of the server's.
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
