"""`maxwatt doctor`: findings as sentences and as JSON, and the folder's own faults."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "queries"))

from ledger_book import T0, Book

from aggregator.ledger import tables
from aggregator.ledger.ledger import Ledger
from maxwatt.cli import main


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    book = Book(ledger.engine)
    book.window(0)
    book.add(tables.sources, name="sacct", success_ms=T0, attempt_ms=T0, error="")
    book.add(tables.faults, seen_ms=4_000_000_000_000, source="scontrol", message="job \x1b[31m7", count=2)
    ledger.close()
    for path in tmp_path.iterdir():
        path.chmod(0o600)
    return tmp_path


def test_findings_with_their_mend_and_what_was_noted(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--data-dir", str(data_dir)]) == 0
    out = capsys.readouterr().out
    assert "! ledger: Booked until" in out
    assert "→ See whether `maxwatt serve` runs" in out
    assert "✓ sources: sacct is complete up to" in out
    assert "scontrol: job \N{REPLACEMENT CHARACTER}[31m7 (2 times)" in out


def test_a_fault_is_the_exit_status(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = Ledger.open(f"sqlite:///{data_dir / 'ledger.sqlite'}")
    Book(ledger.engine).add(tables.sources, name="scontrol", success_ms=None, attempt_ms=T0, error="refused")
    ledger.close()
    assert main(["doctor", "--json", "--data-dir", str(data_dir)]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["worst"] == "fault"
    assert answer["findings"][0]["sentence"] == "scontrol does not answer; it last did never: refused"


def test_a_file_that_others_may_read_is_told(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (data_dir / "ingest.token").write_text("secret")
    (data_dir / "ingest.token").chmod(0o644)
    main(["doctor", "--data-dir", str(data_dir)])
    out = capsys.readouterr().out
    assert "ingest.token may be read by others (mode 644)" in out
    assert "secret" not in out
