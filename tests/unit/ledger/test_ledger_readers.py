"""Who only reads a ledger does not wait for who writes it."""

import sqlite3
import time
from pathlib import Path

from aggregator.ledger.ledger import Ledger


def test_opening_a_ledger_that_is_being_written_does_not_wait(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    Ledger.open(f"sqlite:///{path}").close()
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("INSERT INTO about VALUES ('half', 'written')")
    began_s = time.monotonic()
    ledger = Ledger.open(f"sqlite:///{path}")
    assert ledger.fact("half") is None
    assert time.monotonic() - began_s < 5
    ledger.close()
    writer.execute("ROLLBACK")
    writer.close()
