"""Many who open a new file at the same moment all get a connection."""

import threading
from pathlib import Path

from sqlalchemy import create_engine, text

from aggregator.ledger import sqlite

ROUNDS = 100
"""Before it was mended, one of sixteen rounds went wrong."""


def journal_modes(path: Path, at_once: int = 8) -> list[str]:
    """The journal that each of some connections finds, or why it was refused; they all come at once."""
    found, together = list[str](), threading.Barrier(at_once)

    def connect() -> None:
        engine = create_engine(f"sqlite:///{path}")
        sqlite.prepare(engine)
        together.wait()
        try:
            with engine.connect() as connection:
                found.append(connection.execute(text("PRAGMA journal_mode")).scalar_one())
        except Exception as error:  # noqa: BLE001  shown by the assertion
            found.append(str(error))
        engine.dispose()

    threads = [threading.Thread(target=connect) for _ in range(at_once)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_connections_that_come_at_once_to_a_new_file_all_keep_a_wal(tmp_path: Path) -> None:
    for number in range(ROUNDS):
        assert journal_modes(tmp_path / f"{number}.sqlite") == ["wal"] * 8
