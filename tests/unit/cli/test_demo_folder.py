"""The demo deletes what an earlier demo left, and never anything else."""

import fcntl
from pathlib import Path

import pytest

from maxwatt.cli import main
from maxwatt.cli.simulation.plot import Plot, cleared, remember
from maxwatt.domain.errors import ConfigError


def test_a_folder_with_other_peoples_files_is_refused_and_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    precious = tmp_path / "ledger.sqlite"
    precious.write_text("a year of bookings")
    assert main(["demo", "--data-dir", str(tmp_path), "--fresh"]) == 1
    assert precious.read_text() == "a year of bookings"
    assert "--data-dir" in capsys.readouterr().err


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigError, match="file"):
        cleared(tmp_path / "file")


def test_a_new_an_empty_and_an_interrupted_folder_begin_anew(tmp_path: Path) -> None:
    for folder in (tmp_path / "new", tmp_path / "empty"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        cleared(folder)
        (folder / "samples.duckdb").write_text("torn")  # killed before the demo was complete
        cleared(folder)
        assert not (folder / "samples.duckdb").exists()


def test_a_complete_demo_begins_anew(tmp_path: Path) -> None:
    remember(tmp_path, Plot.new(1, 1))
    (tmp_path / "samples.duckdb").write_text("old")
    cleared(tmp_path)
    assert not (tmp_path / "samples.duckdb").exists()
    assert not (tmp_path / "demo.json").exists()


def test_a_demo_that_runs_is_not_deleted_under_its_feet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    remember(tmp_path, Plot.new(1, 1))
    with (tmp_path / "serve.lock").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert main(["demo", "--data-dir", str(tmp_path), "--fresh"]) == 1
    assert (tmp_path / "demo.json").exists()
    assert "another server runs" in capsys.readouterr().err
