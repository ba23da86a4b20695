"""Runs Slurm's commands with an environment that makes their output the same everywhere."""

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from aggregator.sources.jobs.interrupt import Interrupt
from maxwatt.config import SlurmSettings
from maxwatt.domain.errors import SourceError

_COMPLAINT = re.compile(r"\b(error|fatal):(?!.*\b(obsolete|deprecated|ignoring)\b)", re.IGNORECASE)
"""Says that an answer is not whole. Words about old settings in slurm.conf stand there for years and harm nothing."""
_REDIRECTS = ("SLURM_CLUSTERS", "SACCT_FEDERATION", "SACCT_LOCAL", "SQUEUE_", "SCONTROL_")


def run(settings: SlurmSettings, program: str, arguments: Sequence[str], interrupt: Interrupt) -> str:
    """What a Slurm command printed.

    Times come as epoch seconds (`SLURM_TIME_FORMAT=%s`), and local times where a command has no such option are UTC.

    Raises:
        SourceError: the command is missing, failed, complained on stderr or took too long.
        StoppedError: it was interrupted.
    """
    command = [str(Path(settings.bin_dir) / program) if settings.bin_dir else program, *arguments]
    pipe, environment = subprocess.PIPE, _environment(settings)
    try:
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe)
    except OSError as error:
        raise SourceError(f"{command[0]} cannot be run: {error.strerror}; set slurm.bin_dir") from error
    with process, interrupt.ends(process.kill):
        try:
            printed, complained = process.communicate(timeout=settings.command_timeout_s)
        except subprocess.TimeoutExpired as error:
            raise SourceError(f"{program} gave no answer within {settings.command_timeout_s:g} s") from error
        finally:
            process.kill()  # does nothing to one that has ended
    complaint = complained.decode("utf-8", "replace").strip()
    if process.returncode != 0 or _COMPLAINT.search(complaint):
        raise SourceError(f"{program} failed with status {process.returncode}: {complaint[-500:] or 'it said nothing'}")
    return printed.decode("utf-8", "replace")


def _environment(settings: SlurmSettings) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_REDIRECTS)}
    fixed = {"SLURM_TIME_FORMAT": "%s", "TZ": "UTC", "LC_ALL": "C"}
    return kept | fixed | ({"SLURM_CONF": settings.conf} if settings.conf else {})
