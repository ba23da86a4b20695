"""`maxwatt attribute` on a real store and ledger."""

import json
from pathlib import Path

import pytest
from pipeline_cluster import JOBS, MINUTE, NODES, T0, job, samples
from sqlalchemy import select

from aggregator.ledger.ledger import Ledger
from aggregator.ledger.tables import windows
from aggregator.store.duckdb import DuckDBStore
from maxwatt.cli import main
from maxwatt.domain.units import BUCKET_MS

END = T0 + 60 * MINUTE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    store, ledger = DuckDBStore(tmp_path / "samples.duckdb"), Ledger.open(url(tmp_path))
    for node in NODES:
        store.write(samples(node, T0, END))
    ledger.upsert_jobs(JOBS, END)
    store.close()
    ledger.close()
    return tmp_path


def url(folder: Path) -> str:
    return f"sqlite:///{folder / 'ledger.sqlite'}"


def call(capsys: pytest.CaptureFixture[str], folder: Path, *words: str) -> tuple[int, dict[str, object]]:
    status = main(["attribute", "--data-dir", str(folder), "--json", *words])
    return status, json.loads(capsys.readouterr().out)


def test_everything_by_default_and_again_without_a_change(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, first = call(capsys, folder)
    assert (status, first["windows"], first["faults"]) == (0, 4, 0)
    assert first["changed"] == first["rows"] != 0
    assert call(capsys, folder)[1]["changed"] == 0


def test_without_slurm_the_windows_of_the_past_are_closed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call(capsys, folder)
    ledger = Ledger.open(url(folder))
    assert ledger.open_windows() == []
    assert set(ledger.revisions(T0, END).values()) == {1}
    ledger.close()


def test_a_part_of_the_time(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, found = call(capsys, folder, "--since", str(T0 + BUCKET_MS), "--until", str(T0 + 2 * BUCKET_MS))
    assert found["windows"] == 1


def test_what_came_later_is_booked_and_nothing_waits_any_more(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call(capsys, folder)
    ledger = Ledger.open(url(folder))
    ledger.mark_dirty(T0 - 15 * MINUTE)  # as an import of samples does: from before the first of them, without end
    ledger.upsert_jobs([job(9, 12, 40, wn3=4)], END)
    call(capsys, folder)
    assert ledger.stretches() == []
    assert status(ledger).count("closed") == 4
    ledger.close()


def test_what_was_not_booked_again_goes_on_waiting(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call(capsys, folder)
    ledger = Ledger.open(url(folder))
    ledger.mark_dirty(T0 + BUCKET_MS, T0 + 3 * BUCKET_MS)
    call(capsys, folder, "--until", str(T0 + 2 * BUCKET_MS))
    assert len(ledger.stretches()) == 1
    assert status(ledger) == ["closed", "dirty", "dirty", "closed"]
    ledger.close()


def status(ledger: Ledger) -> list[str]:
    """State of every window, oldest first."""
    with ledger.engine.begin() as connection:
        return list(connection.execute(select(windows.c.state).order_by(windows.c.bucket_ms)).scalars())


def test_while_a_server_runs_it_is_left_to_the_server(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call(capsys, folder)
    running = DuckDBStore(folder / "samples.duckdb")
    try:
        assert call(capsys, folder, "--since", str(T0 + BUCKET_MS))[1] == {"left_to_server": True, "marked": True}
    finally:
        running.close()
    ledger = Ledger.open(url(folder))
    assert [(each.start_ms, each.end_ms) for each in ledger.stretches()] == [(T0 + BUCKET_MS, END)]
    ledger.close()


def idle_revisions(ledger: Ledger) -> set[int]:
    return {each.revision for each in ledger.idle_powers(NODES, T0, T0)}


def test_recalibration_books_the_whole_day_with_a_new_revision_of_its_idle_powers(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call(capsys, folder)
    _, found = call(capsys, folder, "--since", str(T0 + BUCKET_MS), "--until", str(T0 + 2 * BUCKET_MS), "--recalibrate")
    assert (found["windows"], found["changed"]) == (4, 0)
    ledger = Ledger.open(url(folder))
    assert idle_revisions(ledger) == {2}
    ledger.close()


def test_recalibration_is_left_to_a_running_server(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call(capsys, folder)
    running = DuckDBStore(folder / "samples.duckdb")
    try:
        since = str(T0 + BUCKET_MS)
        assert call(capsys, folder, "--since", since, "--recalibrate")[1] == {"left_to_server": True, "marked": True}
    finally:
        running.close()
    ledger = Ledger.open(url(folder))
    assert [each.end_ms for each in ledger.stretches()] == [END]
    assert idle_revisions(ledger) == set()  # until the server books the day again
    ledger.close()
    call(capsys, folder)
    ledger = Ledger.open(url(folder))
    assert idle_revisions(ledger) == {2}
    ledger.close()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--since", "2020-01-01", "--until", "2020-01-02"), "no samples in this time"),
        (("--since", "yesterweek"), "cannot read the time"),
        (("--since", "2026-02-01", "--until", "2026-01-01"), "not before"),
    ],
)
def test_what_cannot_be_booked_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    assert main(["attribute", "--data-dir", str(folder), *words]) == 1
    assert said in capsys.readouterr().err


def test_an_empty_site(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    DuckDBStore(tmp_path / "samples.duckdb").close()
    assert main(["attribute", "--data-dir", str(tmp_path)]) == 1
    assert "no samples yet" in capsys.readouterr().err


def test_a_mistyped_folder_is_told_and_not_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["attribute", "--data-dir", str(tmp_path / "mistyped")]) == 1
    assert "no store yet" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
