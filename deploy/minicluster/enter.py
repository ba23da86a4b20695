"""Runs a command in the namespaces of another process and stands for it: signals go in, its exit status comes out.

Usage: enter.py PID COMMAND...

The command never outlives this process. It must enter the PID namespace too: the node's /proc knows no other.
"""

import ctypes
import os
import signal
import subprocess
import sys
from typing import Final

PR_SET_PDEATHSIG: Final = 1
FORWARDED: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1)

_libc = ctypes.CDLL(None, use_errno=True)


def join(pid: int) -> None:
    """Enter the mount namespace of `pid`, and its PID namespace with the next child; the working folder stays.

    A mount namespace is entered at its own root, which is not the process's root where the cluster runs in a chroot.
    """
    folder = os.getcwd()  # noqa: PTH109  one word for chdir below
    root = os.open(f"/proc/{pid}/root", os.O_RDONLY | os.O_DIRECTORY)
    handles = [os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY) for kind in ("mnt", "pid")]
    for handle in handles:
        if _libc.setns(handle, 0):
            raise OSError(ctypes.get_errno(), f"setns: {os.strerror(ctypes.get_errno())}")
        os.close(handle)
    os.fchdir(root)
    os.chroot(".")
    os.close(root)
    os.chdir(folder)


def run(command: list[str]) -> int:
    """Run `command`, pass signals on to it. Returns its exit status as a shell would."""
    child = subprocess.Popen(command, preexec_fn=_die_with_parent)  # noqa: PLW1509  one thread only
    for number in FORWARDED:
        signal.signal(number, lambda received, _frame: child.send_signal(received))
    status = child.wait()
    return status if status >= 0 else 128 - status


def _die_with_parent() -> None:
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    join(int(sys.argv[1]))
    sys.exit(run(sys.argv[2:]))
