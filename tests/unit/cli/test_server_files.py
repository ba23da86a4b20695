"""What the server leaves in its data folder: private, whole at any time, never a token that lets everybody in."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from maxwatt.cli._server import ingest_token, locked
from maxwatt.domain.errors import ConfigError, StoreLockedError


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_token_is_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    token = ingest_token(tmp_path)
    assert len(token) >= 32
    assert ingest_token(tmp_path) == token
    assert mode(tmp_path / "ingest.token") == 0o600


@pytest.mark.parametrize("content", ["", "\n", "short"])
def test_an_empty_token_file_is_refused_and_opens_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "ingest.token").write_text(content)
    with pytest.raises(ConfigError, match=r"ingest\.token"):
        ingest_token(tmp_path)


@pytest.mark.parametrize("note", ["", "{", "[]", '{"pid": 1}'])
def test_a_torn_note_of_the_running_server_does_not_hide_the_refusal(tmp_path: Path, note: str) -> None:
    with locked(tmp_path) as path:
        path.write_text(note)
        with pytest.raises(StoreLockedError, match="another server runs"), locked(tmp_path):
            pass


def test_ledger_and_samples_are_for_the_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    lines = tmp_path / "lines"
    lines.write_text("node,node=n1 cpu_count=1i 1780272000000\n")
    program = (
        "import os, sys; os.umask(0o022); from maxwatt.cli import main; "
        "sys.exit(main(['import', 'samples', sys.argv[1], '--data-dir', sys.argv[2]]))"
    )
    subprocess.run([sys.executable, "-c", program, str(lines), str(folder)], check=True, timeout=60)
    assert {path.name for path in folder.iterdir()} >= {"samples.duckdb", "ledger.sqlite"}
    assert {path.name: mode(path) for path in folder.iterdir() if mode(path) & 0o077} == {}
