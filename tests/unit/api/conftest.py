"""The API over a small real ledger: Alice's jobs 101 and 103, Bob's 102; see `ledger_book.fill`."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

UNIT = Path(__file__).parents[1]
sys.path[:0] = [str(UNIT / "queries"), str(UNIT.parent / "fixtures" / "dash_app")]

from ledger_book import BUCKET, GIB, SETTINGS, T0, Book, fill  # noqa: E402

from aggregator.ledger.ledger import Ledger  # noqa: E402
from aggregator.ledger.tables import nodes, waiting  # noqa: E402
from aggregator.queries.queries import Queries  # noqa: E402
from dash_app.api.blueprint import api_blueprint  # noqa: E402
from dash_app.compression import add_compression  # noqa: E402
from maxwatt.domain.jobs import WaitingJob  # noqa: E402
from maxwatt.domain.viewer import Viewer  # noqa: E402

ALICE, BOB = Viewer("alice"), Viewer("bob")


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    ledger = Ledger.open(f"sqlite:///{tmp_path_factory.mktemp('api') / 'ledger.sqlite'}")
    book = fill(Book(ledger.engine))
    sizes = {"cpus": 8, "memory_bytes": int(16 * GIB), "gpus": 0}
    book.add(nodes, node="n1", partitions="cpu", features="", seen_ms=T0, first_seen_ms=T0, **sizes)
    book.add(waiting, **asdict(WaitingJob("test", 110, "alice", "next", reason="Priority", submit_ms=T0, cpus=4)))
    book.sum_up()
    yield ledger
    ledger.close()


@pytest.fixture(scope="module")
def queries(ledger: Ledger) -> Queries:
    return Queries(ledger.engine, None, SETTINGS, now_ms=lambda: T0 + 10 * BUCKET)


@pytest.fixture(scope="module")
def client_of(queries: Queries) -> Callable[[Viewer], FlaskClient]:
    """A client for whom somebody is signed in."""

    def client(viewer: Viewer) -> FlaskClient:
        server = Flask("api")
        server.register_blueprint(api_blueprint(queries, lambda: viewer))
        add_compression(server)
        return server.test_client()

    return client
