"""The real agent pushes to the real ingest into the real store: every reading arrives once, also over a wrong token."""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from patience import wait_for

flask = pytest.importorskip("flask")
serving = pytest.importorskip("werkzeug.serving")

from aggregator.ingest.committer import Committer  # noqa: E402  the server's parts, where they are installed
from aggregator.ingest.http import ingest_blueprint  # noqa: E402
from aggregator.ingest.tokens import digest  # noqa: E402
from aggregator.store.duckdb import DuckDBStore  # noqa: E402

TREES = Path(__file__).parents[1] / "fixtures" / "sysfs"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckDBStore]:
    made = DuckDBStore(tmp_path / "samples.duckdb")
    yield made
    made.close()


@pytest.fixture
def port(store: DuckDBStore) -> Iterator[int]:
    committer = Committer(store, interval_ms=20)
    app = flask.Flask("ingest")
    app.register_blueprint(ingest_blueprint(committer, [digest("right")]))
    server = serving.make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()
    committer.close()


def rows_of(store: DuckDBStore, node: str) -> Any:
    return store.read([node], 0, 1 << 53)


def test_every_reading_arrives_once(tmp_path: Path, store: DuckDBStore, port: int) -> None:
    root = Path(shutil.copytree(TREES / "cgroup_v1", tmp_path / "root"))
    token = tmp_path / "token"
    token.write_text("wrong")
    words = ["--root", str(root), "--node", "n1", "--interval", "0.1", "--state-dir", str(tmp_path / "state")]
    words += ["--push", f"http://127.0.0.1:{port}", "--token-file", str(token)]
    process = subprocess.Popen([sys.executable, "-m", "maxwatt", "agent", *words], stderr=subprocess.PIPE, text=True)
    try:
        wait_for(lambda: sum(p.read_text().count("\nnode,") for p in tmp_path.glob("state/spool/*.lines")) >= 3)
        assert store.newest_ms() == {}
        token.write_text("right")
        accepted_ms = time.time_ns() // 1_000_000
        wait_for(lambda: store.newest_ms().get("n1", 0) > accepted_ms)
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 0
    assert told.count("does not accept the token") == 1
    assert not list(tmp_path.glob("state/spool/*"))
    window = rows_of(store, "n1")
    stamps = window.node.column("ts_ms").to_pylist()
    assert stamps == sorted(set(stamps))
    assert sum(stamp <= accepted_ms for stamp in stamps) >= 3  # what was refused for its token came too
    assert set(window.job.column("job_id").to_pylist()) == {11, 12}
    assert set(window.job.column("cpu_seconds_total").to_pylist()) == {12.5, 3.0}
    assert None in window.job.column("memory_resident_bytes").to_pylist()  # job 12: unknown stays unknown
