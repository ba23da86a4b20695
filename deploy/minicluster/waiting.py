"""Waits that end: every one is a poll with a time limit."""

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence

from deploy.minicluster.faults import ClusterFault


def wait_until(what: str, test: Callable[[], bool], limit_s: float, pause_s: float = 0.05) -> None:
    """Poll `test` until it is true.

    Raises:
        ClusterFault: it was not within the time limit.
    """
    end = time.monotonic() + limit_s
    while not test():
        if time.monotonic() > end:
            raise ClusterFault(f"{what}: not within {limit_s:g} s")
        time.sleep(pause_s)


def succeeds(command: Sequence[str], environment: Mapping[str, str], limit_s: float = 3.0) -> bool:
    """Whether a command ends with status 0 in time."""
    return output(command, environment, limit_s) is not None


def output(command: Sequence[str], environment: Mapping[str, str], limit_s: float = 3.0) -> str | None:
    """Standard output of a command, None when it fails or takes too long."""
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    return done.stdout if done.returncode == 0 else None


def demand(command: Sequence[str], environment: Mapping[str, str], limit_s: float = 30.0, stdin: str = "") -> str:
    """Standard output of a command that must succeed.

    Raises:
        ClusterFault: it failed, or took too long.
    """
    try:
        done = subprocess.run(
            command, env=environment, input=stdin, capture_output=True, text=True, timeout=limit_s, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ClusterFault(f"{command[0]} took longer than {limit_s:g} s") from error
    if done.returncode:
        raise ClusterFault(f"{' '.join(command)}: {(done.stderr or done.stdout).strip()[-500:]}")
    return done.stdout
