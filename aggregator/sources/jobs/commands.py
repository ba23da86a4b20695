"""Runs Slurm's commands with an environment that makes their output the same everywhere."""

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from aggregator.sources.jobs.interrupt import Interrupt
from maxwatt.config import SlurmSettings
from maxwatt.domain.errors import SourceError

_COMPLAINT = re.compile(r"\b(error|fatal):(?!.*\b(obsolete|deprecated|ignoring)\b)", re.IGNORECASE)
"""Says that an answer is not whole. Words about old settings in slurm.conf stand there for years and harm nothing."""
_REDIRECTS = ("SLURM_CLUSTERS", "SACCT_FEDERATION", "SACCT_LOCAL", "SQUEUE_", "SCONTROL_")

LOOK_S: Final = 0.5
"""How often [s] somebody looks whether the command is still waited for: what it left behind may hold its output open
for ever, and a killed process on a file system that hangs does not even end."""


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
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe,
                                   start_new_session=True)  # fmt: skip
    except OSError as error:
        raise SourceError(f"{command[0]} cannot be run: {error.strerror}; set slurm.bin_dir") from error
    with _ended(process), interrupt.ends(lambda: _kill(process)):
        try:
            printed, complained = _answer(process, settings.command_timeout_s, interrupt)
        except subprocess.TimeoutExpired as error:
            raise SourceError(f"{program} gave no answer within {settings.command_timeout_s:g} s") from error
    complaint = complained.decode("utf-8", "replace").strip()
    if process.returncode != 0 or _COMPLAINT.search(complaint):
        raise SourceError(f"{program} failed with status {process.returncode}: {complaint[-500:] or 'it said nothing'}")
    return printed.decode("utf-8", "replace")


def _answer(process: subprocess.Popen[bytes], limit_s: float, interrupt: Interrupt) -> tuple[bytes, bytes]:
    """What it printed and what it complained.

    Raises:
        TimeoutExpired: it did not end in time, or there was an interrupt.
    """
    end_s = time.monotonic() + limit_s
    while True:
        try:
            return process.communicate(timeout=min(LOOK_S, max(0.0, end_s - time.monotonic())))
        except subprocess.TimeoutExpired:
            if interrupt.is_set or time.monotonic() >= end_s:
                raise


@contextlib.contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Afterwards nobody waits for the process or its children any more."""
    try:
        yield
    finally:
        _kill(process)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(LOOK_S)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill it and its children; does nothing to one that has ended, whose number may be another one's by now."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _environment(settings: SlurmSettings) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_REDIRECTS)}
    fixed = {"SLURM_TIME_FORMAT": "%s", "TZ": "UTC", "LC_ALL": "C"}
    return kept | fixed | ({"SLURM_CONF": settings.conf} if settings.conf else {})
