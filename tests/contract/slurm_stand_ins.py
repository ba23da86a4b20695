"""Stand-ins for Slurm: a slurmrestd on loopback or on a Unix socket, and commands, that answer as recorded."""

import gzip
import json
import socketserver
import sys
import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlsplit

FIXTURES = Path(__file__).parent.parent / "fixtures" / "slurm"
JSON = "application/json"
REST_FILES = {  # data parser version: what was recorded for jobs, nodes, accounting
    38: ("rest-jobs-2205", "rest-nodes-2205", "rest-db-2205"),
    42: ("scontrol-2411", "nodes-2411", "rest_db-2411"),
    45: ("scontrol-2605", "nodes-2605", "rest_db-2605"),
}


def raw(name: str) -> bytes:
    return gzip.decompress((FIXTURES / f"{name}.gz").read_bytes())


def document(name: str):
    return json.loads(raw(f"{name}.json"))


def rest_answers(version: int) -> dict[str, tuple[int, str, bytes]]:
    """Path to status, media type and body, as the slurmrestd of one data parser version answers."""
    jobs, nodes, accounting = (raw(f"{name}.json") for name in REST_FILES[version])
    paths = {f"/slurm/v0.0.{version}/jobs": jobs, f"/slurm/v0.0.{version}/nodes": nodes,
             f"/slurmdb/v0.0.{version}/jobs": accounting}  # fmt: skip
    openapi = json.dumps({"openapi": "3.0.2", "paths": {path: {} for path in paths}}).encode()
    return {path: (200, JSON, body) for path, body in (paths | {"/openapi/v3": openapi}).items()}


@dataclass
class RestServer:
    """A running stand-in. `answers` may be changed while it runs; an answer may be a function of the connection."""

    url: str
    answers: dict[str, tuple[int, str, bytes] | Callable[[BaseHTTPRequestHandler], None]]
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)


class _Tcp(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True


class _Unix(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


@contextmanager
def rest_server(answers, socket: Path | None = None):
    """Serve until the end of the block; on loopback, or on a Unix socket."""
    running = RestServer("", dict(answers))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            running.seen.append((self.path, dict(self.headers)))
            answer = running.answers.get(urlsplit(self.path).path, (404, "text/plain", b"Unable find requested URL."))
            if callable(answer):
                answer(self)
                return
            status, kind, body = answer
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = _Unix(str(socket), Handler) if socket else _Tcp(("127.0.0.1", 0), Handler)
    running.url = f"unix://{socket}" if socket else f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def install(folder: Path, name: str, body: str) -> None:
    """Put a Python program into a folder of commands."""
    path = folder / name
    path.write_text(f"#!{sys.executable}\n{body}")
    path.chmod(0o755)
