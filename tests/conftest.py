"""For every part: the two databases that a ledger may be in, and the order of the files."""

from collections import defaultdict
from pathlib import Path

import pytest
from ledger_fixture import ledger, ledger_url, new_ledger_url, sqlite_tables
from postgres_fixture import _postgres_tables, postgres, postgres_ledger

HERE = Path(__file__).parent

__all__ = [
    "_postgres_tables", "ledger", "ledger_url", "new_ledger_url", "postgres", "postgres_ledger", "sqlite_tables",
]  # fmt: skip

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
