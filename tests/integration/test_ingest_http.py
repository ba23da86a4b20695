"""The write API on a real waitress, over real sockets, into a real store."""

import contextlib
import gzip
import http.client
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from waitress.server import create_server

from aggregator.ingest.committer import Committer
from aggregator.ingest.http import ingest_blueprint
from aggregator.ingest.tokens import digest
from aggregator.store.duckdb import DuckDBStore
from maxwatt.cli import main

TOKEN = "a-long-random-token"
NOW = time.time_ns() // 1_000_000
LIMIT = 200_000


@dataclass
class Server:
    port: int
    store: DuckDBStore
    committer: Committer
    folder: Path

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        return connection.getresponse()

    def write(self, body: str | bytes, query: str = "?precision=ms", **headers: str) -> tuple[int, dict]:
        data = body.encode() if isinstance(body, str) else body
        answer = self.request("POST", f"/api/v2/write{query}", data, **{"Authorization": f"Token {TOKEN}"} | headers)
        text = answer.read()
        return answer.status, json.loads(text) if text else {}

    def stored(self, *nodes: str) -> list[tuple[str, int]]:
        window = self.store.read(nodes, 0, 2**62)
        return [(nodes[row["node"]], row["ts_ms"]) for row in window.node.to_pylist()]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    store = DuckDBStore(tmp_path / "samples.duckdb", memory_limit="128MB")
    committer = Committer(store, interval_ms=100)
    app = Flask(__name__)
    app.register_blueprint(ingest_blueprint(committer, [digest("other"), digest(TOKEN)], max_body_bytes=LIMIT))
    web = create_server(app, host="127.0.0.1", port=0, threads=24)
    thread = threading.Thread(target=web.run, daemon=True)
    thread.start()
    yield Server(web.effective_port, store, committer, tmp_path)
    with contextlib.suppress(OSError):  # in the thread that selects, which may be done before it is woken
        web.trigger.pull_trigger(web.close)
    thread.join(timeout=10)
    assert not thread.is_alive()
    committer.close()
    store.close()


def line(node: str, ms: int = 0) -> str:
    return f"node,node={node} monotonic_s=1.5,cpu_count=8i {NOW - ms}"


def test_good_lines_are_stored_and_answered_with_nothing(server: Server) -> None:
    assert server.write(f"{line('a')}\n{line('b')}\n") == (204, {})
    assert server.stored("a", "b") == [("a", NOW), ("b", NOW)]
    assert server.write(f"{line('a')}\n") == (204, {})
    assert len(server.stored("a", "b")) == 2, "sending again changes nothing"


def test_a_corrupt_line_is_named_with_line_and_column_and_the_others_are_stored(server: Server) -> None:
    status, answer = server.write(f"{line('a')}\n\nnode,node=b cpu_count=eight {NOW}\n{line('c')}\n")
    assert status == 400
    assert answer["code"] == "invalid"
    assert answer["message"].startswith("line 3, column 23: field cpu_count must be a whole number")
    assert answer["line"] == 3
    assert [(fault["line"], fault["column"]) for fault in answer["faults"]] == [(3, 23)]
    assert (answer["row_count"], answer["fault_count"]) == (2, 1)
    assert server.stored("a", "b", "c") == [("a", NOW), ("c", NOW)]


def test_nanoseconds_are_the_default_as_in_influxdb(server: Server) -> None:
    assert server.write(f"node,node=a cpu_count=8i {NOW}000000", query="?org=x&bucket=y") == (204, {})
    assert server.stored("a") == [("a", NOW)]
    status, answer = server.write(line("b"), query="")
    assert (status, "precision" in answer["message"]) == (400, True)
    status, answer = server.write(line("b"), query="?precision=min")
    assert (status, answer["message"]) == (400, "unknown precision 'min'; known: ns, us, ms, s")


@pytest.mark.parametrize("header", ["", "Token wrong", f"Basic {TOKEN}", TOKEN, "Token ", "Bearer", "Tokén ü"])
def test_without_a_known_token_nothing_is_read(server: Server, header: str) -> None:
    status, answer = server.write(line("a"), Authorization=header.encode().decode("latin-1"))
    assert (status, answer["code"]) == (401, "unauthorized")
    assert TOKEN not in json.dumps(answer)
    assert server.stored("a") == []


def test_bearer_tokens_are_taken_too(server: Server) -> None:
    assert server.write(line("a"), Authorization=f"Bearer {TOKEN}")[0] == 204


def test_gzip_is_unpacked_within_bounds(server: Server) -> None:
    assert server.write(gzip.compress(line("a").encode()), Content_Encoding="gzip")[0] == 204
    assert server.stored("a") == [("a", NOW)]
    bomb = gzip.compress(b"#" * (LIMIT + 1))
    assert server.write(bomb, Content_Encoding="gzip")[0] == 413
    assert server.write(b"#" * (LIMIT + 1))[0] == 413
    status, answer = server.write(b"no gzip", Content_Encoding="gzip")
    assert (status, "no gzip" in answer["message"]) == (400, True)


def test_requests_of_many_agents_share_few_commits(server: Server) -> None:
    names = [f"n{n}" for n in range(20)]
    with ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(lambda name: server.write(line(name))[0], names))
    assert statuses == [204] * 20
    assert len(server.stored(*names)) == 20
    assert server.committer.commit_count <= 8


def test_a_stopping_server_asks_to_come_again(server: Server) -> None:
    assert server.request("GET", "/health").status == 200
    server.committer.close()
    answer = server.request("POST", "/api/v2/write?precision=ms", line("a").encode(), Authorization=f"Token {TOKEN}")
    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) > 0
    health = server.request("GET", "/health")
    assert (health.status, json.loads(health.read())["status"]) == (503, "fail")


def test_a_store_that_cannot_write_is_an_error_of_the_server(server: Server) -> None:
    server.store.close()
    status, answer = server.write(line("a"))
    assert (status, answer["code"]) == (500, "internal error")


def test_import_goes_through_the_server_that_has_the_store_open(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aggregator.ingest.files.chunks.__defaults__", (2000,))
    (tmp_path / "serve.json").write_text(json.dumps({"url": f"http://127.0.0.1:{server.port}", "pid": 1}))
    (tmp_path / "ingest.token").write_text(TOKEN + "\n")
    lines = [line("a", ms) for ms in range(300)]
    lines[222] = "node,node=a cpu_count=x 1"
    file = tmp_path / "samples.lp"
    file.write_text("\n".join(lines))
    arguments = ["import", "samples", str(file), "--data-dir", str(tmp_path), "--json"]
    for _ in range(2):
        assert main(arguments) == 1
        told = capsys.readouterr()
        assert "line 223, column 23: field cpu_count" in told.err
        outcome = json.loads(told.out)
        assert (outcome["rows"], outcome["added"], outcome["faults"]) == (299, None, 1)
        assert len(server.stored("a")) == 299

    (tmp_path / "ingest.token").write_text("wrong")
    assert main(arguments) == 1
    assert "answered 401" in capsys.readouterr().err


def test_the_blueprint_lets_nobody_write_without_tokens(tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path / "s.duckdb")
    committer = Committer(store)
    app = Flask(__name__)
    app.register_blueprint(ingest_blueprint(committer, []))
    assert app.test_client().post("/api/v2/write", data=line("a")).status_code == 401
    committer.close()
    store.close()
