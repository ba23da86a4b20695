"""The command line's root: exit statuses, faults as sentences, and what it leaves behind in the process."""

import os
import subprocess
import sys

import pytest

from maxwatt.cli import COMMANDS, command_parser, main


def test_the_process_keeps_its_own_file_modes(tmp_path, capsys):
    before = os.umask(0o022)
    try:
        assert main(["top", "users", "--data-dir", str(tmp_path)]) == 1
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)
    assert "there is no ledger yet" in capsys.readouterr().err


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_a_help_that_names_its_options(name):
    text = command_parser(name).format_help()
    assert COMMANDS[name][1:] in " ".join(text.split())
    assert "--" in text


def test_a_reader_that_has_seen_enough_is_no_fault():
    command = f"{sys.executable} -m maxwatt agent --once --collectors cpu --node x | head -c 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60, check=False)  # noqa: S602
    assert "Traceback" not in done.stderr


def test_an_unknown_command_is_wrong_usage():
    with pytest.raises(SystemExit) as caught:
        main(["nonsense"])
    assert caught.value.code == 2
