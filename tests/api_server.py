"""A small API server of Kubernetes: it keeps objects, refuses changed Jobs, and lets Jobs end."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

PLURALS = {"NetworkPolicy": "networkpolicies"}
JOB_SECONDS = 1.0
READY = {"replicas": 3, "updatedReplicas": 3, "availableReplicas": 3, "readyReplicas": 3}
Object = dict[str, Any]


def plural(kind: str) -> str:
    """Name the resources of a kind."""
    return PLURALS.get(kind, f"{kind.lower()}s")


def merge(old: Any, patch: Any) -> Any:  # noqa: ANN401 - JSON is anything
    """Merge as RFC 7386 says, which is enough for whole lists."""
    if not isinstance(patch, dict) or not isinstance(old, dict):
        return deepcopy(patch)
    merged = {**old, **{name: merge(old.get(name), it) for name, it in patch.items()}}
    return {name: it for name, it in merged.items() if patch.get(name, it) is not None}


def describe(version: str, kinds: set[str]) -> Object:
    """Describe that changes can be validated and tried, in OpenAPI."""
    group, _, number = version.rpartition("/")
    parameters = [{"name": it, "in": "query"} for it in ("dryRun", "fieldValidation")]
    paths = {}
    for kind in kinds:
        which = {"group": group, "version": number, "kind": kind}
        operation = {"x-kubernetes-group-version-kind": which, "parameters": parameters}
        paths[f"/{kind}"] = {"patch": {**operation, "responses": {}}}
    return {"openapi": "3.0.0", "info": {"title": version, "version": "1"}, "paths": paths}


@dataclass
class Cluster:
    """The objects, by the path under which they are read."""

    kinds: dict[str, set[str]]
    """Kinds by the API version that has them."""
    job_fails: bool = False
    objects: dict[str, Object] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)
    """What was changed, in its order: verb, kind and name."""
    versions: int = 0

    def store(self, path: str, new: Object, *, dry: bool, verb: str) -> Object:
        """Keep an object, unless this is only tried."""
        self.versions += 1
        new["metadata"] |= {"resourceVersion": str(self.versions), "uid": path, "generation": 1}
        if new["kind"] == "Deployment":
            new["status"] = {"observedGeneration": 1, **READY}
        if new["kind"] == "Job" and verb == "create":
            new["status"] = {}
            new["ended"] = time.monotonic() + JOB_SECONDS
        if not dry:
            self.objects[path] = new
            self.written.append(f"{verb} {new['kind']} {new['metadata']['name']}")
        return self.show(new)

    def show(self, it: Object) -> Object:
        """Give an object with its status of now."""
        shown = deepcopy(it)
        ended = shown.pop("ended", None)
        if ended and time.monotonic() > ended:
            kind = "Failed" if self.job_fails else "Complete"
            shown["status"] = {"conditions": [{"type": kind, "status": "True"}]}
        return shown

    def listed(self, path: str, query: dict[str, list[str]]) -> list[Object]:
        """Give the objects below a path that the selectors find."""
        chosen = dict(
            it.split("=") for it in ",".join(query.get("labelSelector", [])).split(",") if it
        )
        name = query.get("fieldSelector", [""])[0].removeprefix("metadata.name=")
        return [
            self.show(it)
            for key, it in self.objects.items()
            if key.rpartition("/")[0] == path
            and chosen.items() <= it["metadata"].get("labels", {}).items()
            and name in {"", it["metadata"]["name"]}
        ]


class Handler(BaseHTTPRequestHandler):
    """Speaks as much of the API as kubectl needs for a release."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        """Discover, read, list or watch."""
        url, cluster = urlsplit(self.path), self.server.cluster
        query = parse_qs(url.query)
        found = self.discover(url.path) or cluster.objects.get(url.path)
        if found:
            self.answer(cluster.show(found))
        elif "sendInitialEvents" in query:
            self.refuse(422, "Invalid", "sendInitialEvents: unknown here, as to older servers")
        elif "watch" in query:
            self.watch(url.path, query)
        elif len(url.path.partition("/namespaces/")[2].split("/")) == 2:
            items = cluster.listed(url.path, query)
            metadata = {"resourceVersion": str(cluster.versions)}
            self.answer({"kind": "List", "apiVersion": "v1", "metadata": metadata, "items": items})
        else:
            self.refuse(404, "NotFound", f"{url.path} not found")

    def do_POST(self) -> None:
        """Create."""
        new = self.read()
        url = urlsplit(self.path)
        path = f"{url.path}/{new['metadata']['name']}"
        self.answer(self.server.cluster.store(path, new, dry="dryRun" in url.query, verb="create"))

    def do_PATCH(self) -> None:
        """Change, unless it is the template of a Job."""
        url, cluster = urlsplit(self.path), self.server.cluster
        old = cluster.objects[url.path]
        new = merge(old, self.read())
        if new["kind"] == "Job" and new["spec"]["template"] != old["spec"]["template"]:
            self.refuse(422, "Invalid", "spec.template: field is immutable")
        else:
            self.answer(cluster.store(url.path, new, dry="dryRun" in url.query, verb="change"))

    def do_DELETE(self) -> None:
        """Delete at once."""
        self.read()
        cluster = self.server.cluster
        gone = cluster.objects.pop(urlsplit(self.path).path)
        cluster.written.append(f"delete {gone['kind']} {gone['metadata']['name']}")
        self.answer({"kind": "Status", "apiVersion": "v1", "status": "Success"})

    def discover(self, path: str) -> Object | None:
        """Say which kinds there are."""
        kinds = self.server.cluster.kinds
        version = path.removeprefix("/apis/").removeprefix("/api/")
        if path == "/api":
            return {"kind": "APIVersions", "versions": ["v1"]}
        if path == "/apis":
            groups = []
            for name in sorted(it for it in kinds if "/" in it):
                it = {"groupVersion": name, "version": name.partition("/")[2]}
                groups.append(
                    {"name": name.partition("/")[0], "versions": [it], "preferredVersion": it}
                )
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
        if version in kinds:
            resources = [
                {
                    "name": plural(it),
                    "kind": it,
                    "namespaced": True,
                    "verbs": ["get", "list", "patch"],
                }
                for it in sorted(kinds[version])
            ]
            return {"kind": "APIResourceList", "groupVersion": version, "resources": resources}
        folders = {f"{'apis' if '/' in it else 'api'}/{it}": it for it in kinds}
        if path == "/openapi/v3":
            addresses = {it: {"serverRelativeURL": f"/openapi/v3/{it}"} for it in folders}
            return {"paths": addresses}
        version = folders.get(path.removeprefix("/openapi/v3/"), "")
        return describe(version, kinds[version]) if version else None

    def watch(self, path: str, query: dict[str, list[str]]) -> None:
        """Send every object whenever its status could be another, for as long as somebody reads."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        with suppress(OSError):
            while True:
                for it in self.server.cluster.listed(path, query):
                    event = {"type": "MODIFIED", "object": it}
                    self.wfile.write(json.dumps(event).encode() + b"\n")
                time.sleep(0.2)

    def read(self) -> Any:  # noqa: ANN401 - JSON is anything
        """Read the body."""
        return json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "{}")

    def refuse(self, code: int, reason: str, message: str) -> None:
        """Answer with a status of the API."""
        reply = {"code": code, "reason": reason, "message": message, "status": "Failure"}
        self.answer({"kind": "Status", "apiVersion": "v1", **reply}, code)

    def answer(self, body: Object, code: int = 200) -> None:
        """Answer with JSON."""
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:  # noqa: ANN401 - the library's types
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Has the objects of one cluster."""

    daemon_threads = True

    def __init__(self, cluster: Cluster) -> None:
        """Listen on a free port."""
        self.cluster = cluster
        super().__init__(("127.0.0.1", 0), Handler)


@contextmanager
def serve(cluster: Cluster) -> Iterator[str]:
    """Serve a cluster for the time of a block; yield its address."""
    with Server(cluster) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
