"""What a person gets wrong with folders, files and numbers: one sentence that names the place, never a traceback."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from maxwatt.cli import main


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What the command says when it refuses."""
    assert main([*words]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


@pytest.mark.parametrize("command", ["serve", "demo"])
@pytest.mark.parametrize("port", ["99999", "-1", "web"])
def test_a_port_that_is_none(command: str, port: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([command, f"--port={port}", "--data-dir", str(tmp_path / "new")])
    assert end.value.code == 2
    assert "0 to 65535" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("option", ["--days=0", "--days=-3", "--seed=-1"])
def test_a_demo_of_no_days(option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["demo", option, "--data-dir", str(tmp_path / "new")])
    assert end.value.code == 2
    assert "whole number" in capsys.readouterr().err


def test_an_unknown_carbon_zone_is_told_at_the_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "maxwatt.toml").write_text('[carbon]\nzone = "XX"\n')
    said = refused(capsys, "serve", "--data-dir", str(tmp_path), "--port", "0")
    assert "carbon.zone 'XX'" in said and "DE" in said


@pytest.mark.parametrize("words", [("serve", "--port", "0"), ("demo",), ("attribute",), ("top", "users")])
def test_a_file_in_place_of_the_data_folder(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("x")
    assert str(tmp_path / "file") in refused(capsys, *words, "--data-dir", str(tmp_path / "file"))


@pytest.mark.parametrize(
    ("name", "words", "mend"),
    [
        ("samples.duckdb", ("serve", "--port", "0"), "move it away"),
        ("ledger.sqlite", ("serve", "--port", "0"), "move it away"),
        ("ledger.sqlite", ("top", "users"), "move it away"),
    ],
)
def test_a_file_of_rubbish_is_named_with_its_mend(
    name: str, words: tuple[str, ...], mend: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_bytes(b"rubbish " * 4096)
    said = refused(capsys, *words, "--data-dir", str(tmp_path))
    assert str(tmp_path / name) in said and mend in said


def test_a_memory_limit_that_is_none_names_the_setting(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "maxwatt.toml").write_text('[store]\nmemory_limit = "much"\n')
    assert "store.memory_limit" in refused(capsys, "serve", "--data-dir", str(tmp_path), "--port", "0")


# Root without its capabilities: what belongs to others is closed to it, as it is to any user.
POWERLESS = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"]


@pytest.mark.skipif(os.getuid() != 0 or shutil.which("setpriv") is None, reason="needs root, to give a folder away")
@pytest.mark.parametrize(
    "words", [("serve", "--port=0"), ("demo",), ("top", "users"), ("attribute",), ("import", "jobs", "/dev/null")]
)
@pytest.mark.parametrize("mode", [0o700, 0o755], ids=["closed", "not to write"])
def test_a_folder_of_somebody_else(words: tuple[str, ...], mode: int, tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    for path in (folder / "samples.duckdb", folder / "ledger.sqlite"):
        path.touch()
    for path in (*folder.iterdir(), folder):
        os.chown(path, 65534, 65534)
    folder.chmod(mode)
    ended = subprocess.run(
        [*POWERLESS, sys.executable, "-m", "maxwatt", *words, "--data-dir", str(folder)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode == 1
    assert ended.stderr.startswith("maxwatt: ") and "Traceback" not in ended.stderr
    assert str(folder) in ended.stderr or words[0] == "import"  # whose input is faulty as well
