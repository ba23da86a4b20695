"""Fixtures of every part: the two databases that a ledger may be in."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres_fixture import Postgres, _postgres_tables, postgres, postgres_ledger

__all__ = ["_postgres_tables", "postgres", "postgres_ledger"]


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


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a ledger without rows, in each database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    return str(request.getfixturevalue("postgres_ledger"))
