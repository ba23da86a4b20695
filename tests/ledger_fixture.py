"""A ledger in each of the two databases that it may be in."""

import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from postgres_fixture import Postgres
from sqlalchemy import Engine

from aggregator.ledger.engine import open_engine
from aggregator.ledger.ledger import Ledger


@pytest.fixture(params=["sqlite", "postgresql"])
def new_ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a ledger that is not there yet, in each database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'deep' / 'ledger.sqlite'}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    url = server.new_database()
    yield url
    server.drop_database(url)


@pytest.fixture(scope="session")
def sqlite_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the ledger's tables: to copy it is twenty times faster than to make them anew."""
    path = tmp_path_factory.mktemp("tables") / "ledger.sqlite"
    Ledger.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """URL of a ledger without rows, in each database; the same in every test."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_ledger"))
    path = tmp_path_factory.getbasetemp() / "ledger.sqlite"
    for old in path.parent.glob(f"{path.name}*"):
        old.unlink()
    return f"sqlite:///{shutil.copy(request.getfixturevalue('sqlite_tables'), path)}"


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    """A ledger without rows, in each database."""
    opened = Ledger(_engine(ledger_url))
    yield opened
    if ledger_url.startswith("sqlite"):  # whose file is another one in the next test
        opened.close()


@cache
def _engine(url: str) -> Engine:
    """One for all tests: it has their statements compiled, which takes longer than most of them take."""
    return open_engine(url)
