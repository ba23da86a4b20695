"""Runs Slurm's commands with an environment that makes their output the same everywhere."""

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from maxwatt.config import SlurmSettings
from maxwatt.domain.errors import SourceError

_COMPLAINT = re.compile(r"\b(error|fatal):(?!.*\b(obsolete|deprecated|ignoring)\b)", re.IGNORECASE)
"""Says that an answer is not whole. Words about old settings in slurm.conf stand there for years and harm nothing."""
_REDIRECTS = ("SLURM_CLUSTERS", "SACCT_FEDERATION", "SACCT_LOCAL", "SQUEUE_", "SCONTROL_")


def run(settings: SlurmSettings, program: str, arguments: Sequence[str]) -> str:
    """What a Slurm command printed.

    Times come as epoch seconds (`SLURM_TIME_FORMAT=%s`), and local times where a command has no such option are UTC.

    Raises:
        SourceError: the command is missing, failed, complained on stderr or took too long.
    """
    command = [str(Path(settings.bin_dir) / program) if settings.bin_dir else program, *arguments]
    try:
        done = subprocess.run(
            command, env=_environment(settings), capture_output=True, timeout=settings.command_timeout_s, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise SourceError(f"{program} gave no answer within {settings.command_timeout_s:g} s") from error
    except OSError as error:
        raise SourceError(f"{command[0]} cannot be run: {error.strerror}; set slurm.bin_dir") from error
    complaint = done.stderr.decode("utf-8", "replace").strip()
    if done.returncode != 0 or _COMPLAINT.search(complaint):
        raise SourceError(f"{program} failed with status {done.returncode}: {complaint[-500:] or 'it said nothing'}")
    return done.stdout.decode("utf-8", "replace")


def _environment(settings: SlurmSettings) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_REDIRECTS)}
    fixed = {"SLURM_TIME_FORMAT": "%s", "TZ": "UTC", "LC_ALL": "C"}
    return kept | fixed | ({"SLURM_CONF": settings.conf} if settings.conf else {})
