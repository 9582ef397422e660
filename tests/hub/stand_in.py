"""A hub for tests: as much of its protocol as pushing and pulling take, in memory."""

import base64
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

COMMIT = "c0ffee" * 6 + "cafe"
LARGE = 2000
"""Files of more bytes go the way of large files, as on the hub."""


class Hub:
    """Repositories by id, each a dict of files; what was sent stands in `asked`."""

    def __init__(self):
        self.repos: dict[str, dict[str, bytes]] = {}
        self.objects: dict[str, bytes] = {}
        self.private: dict[str, bool] = {}
        self.asked: list[tuple[str, str]] = []
        self.refuses = 0
        """A status that every request is answered with; 0 for none."""
        handler = type("Handler", (_Handler,), {"hub": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _send(self, content, status=200, **headers):
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _answer(self):
        path = unquote(urlsplit(self.path).path)
        self.hub.asked.append((self.command, path))
        body = self._body()
        if self.hub.refuses:
            return self._send({"error": "no"}, self.hub.refuses)
        if self.command in ("GET", "HEAD"):
            return self._give(path)
        return self._take(path, body)

    do_GET = do_HEAD = do_POST = do_PUT = _answer

    def _give(self, path):
        _kind, _, rest = path.removeprefix("/api/").partition("/")
        if path.startswith("/api/"):
            repo = "/".join(rest.split("/")[:2])
            if repo not in self.hub.repos:
                return self._send({}, 404, X_Error_Code="RepoNotFound")
            names = self.hub.repos[repo]
            if "/tree/" in rest:
                listing = [
                    {"type": "file", "path": n, "size": len(c), "oid": _oid(c)}
                    for n, c in names.items()
                ]
                return self._send(listing)
            siblings = [{"rfilename": n, "size": len(c)} for n, c in names.items()]
            return self._send({"id": repo, "sha": COMMIT, "siblings": siblings, "private": False})
        repo, _, name = path.removeprefix("/datasets")[1:].partition("/resolve/")
        content = self.hub.repos.get(repo, {}).get(name.partition("/")[2])
        if content is None:
            return self._send({}, 404, X_Error_Code="EntryNotFound")
        return self._send(content, X_Repo_Commit=COMMIT, ETag=f'"{_oid(content)}"')

    def _take(self, path, body):
        if path.startswith("/objects/"):
            self.hub.objects[path.rpartition("/")[2]] = body
            return self._send({})
        given = json.loads(body.splitlines()[0]) if body else {}
        if path == "/api/repos/create":
            repo = "/".join(filter(None, (given.get("organization"), given["name"])))
            self.hub.repos.setdefault(repo, {})
            self.hub.private.setdefault(repo, given.get("visibility") == "private")
            return self._send({"url": f"{self.hub.url}/{repo}"})
        if path == "/api/validate-yaml":
            return self._send({"errors": [], "warnings": []})
        if "/preupload/" in path:
            files = [
                {
                    "path": f["path"],
                    "uploadMode": "lfs" if f["size"] > LARGE else "regular",
                    "shouldIgnore": False,
                }
                for f in given["files"]
            ]
            return self._send({"files": files})
        if path.endswith("/info/lfs/objects/batch"):
            upload = lambda oid: {"upload": {"href": f"{self.hub.url}/objects/{oid}"}}
            objects = [{**o, "actions": upload(o["oid"])} for o in given["objects"]]
            return self._send({"transfer": "basic", "objects": objects})
        if "/commit/" in path:
            return self._commit("/".join(path.split("/")[3:5]), body)
        return self._send({}, 404)

    def _commit(self, repo, body):
        for line in map(json.loads, body.splitlines()):
            value = line["value"]
            if line["key"] == "file":
                self.hub.repos[repo][value["path"]] = base64.b64decode(value["content"])
            if line["key"] == "lfsFile":
                self.hub.repos[repo][value["path"]] = self.hub.objects[value["oid"]]
        url = f"{self.hub.url}/{repo}/commit/{COMMIT}"
        self._send({"commitUrl": url, "commitOid": COMMIT})


def _oid(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
