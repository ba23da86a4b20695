"""For every part: the two databases that a ledger may be in, and the order of the files."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres_fixture import Postgres, _postgres_tables, postgres, postgres_ledger

HERE = Path(__file__).parent

__all__ = ["_postgres_tables", "postgres", "postgres_ledger"]

WAITING = ("browser", "integration")
"""Folders whose tests mostly wait: for Slurm, a hub, a browser."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the files that wait over those that compute: side by side they leave no processor idle.

    The last quarter only computes, as a file that waits for minutes must not be begun last.
    """
    kinds = defaultdict[str, list[Path]](list)
    for path in dict.fromkeys(item.path for item in items):
        kinds[path.relative_to(HERE).parts[0]].append(path)
    place = {
        path: number / len(paths) * (0.75 if kind in WAITING else 1.0)
        for kind, paths in kinds.items()
        for number, path in enumerate(paths)
    }
    items.sort(key=lambda item: place[item.path])


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
