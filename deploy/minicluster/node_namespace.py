"""Makes a node's view of the machine in the mount namespace it is started in, then becomes the given command.

Usage: node_namespace.py SIMULATED_ROOT COMMAND...

`/proc/stat` and `/sys/class/powercap` are the node's simulated ones. sysfs takes no new folder, so where the machine
has no powercap of its own, `/sys` becomes a tmpfs into which everything the real one holds is bound.
"""

import ctypes
import os
import sys
from pathlib import Path
from typing import Final

MS_BIND: Final = 4096
MS_REC: Final = 16384

_libc = ctypes.CDLL(None, use_errno=True)


def mount(source: Path | str, target: Path, kind: str = "", flags: int = 0, options: str = "") -> None:
    """mount(2).

    Raises:
        OSError: as the kernel says.
    """
    words = (str(source), str(target), kind, options)
    source_b, target_b, kind_b, options_b = (word.encode() or None for word in words)
    if _libc.mount(source_b, target_b, kind_b, ctypes.c_ulong(flags), options_b):
        number = ctypes.get_errno()
        raise OSError(number, f"mount {source} on {target}: {os.strerror(number)}")


def bind(source: Path, target: Path) -> None:
    """Let `source`, with all that is mounted below it, be seen at `target`."""
    mount(source, target, flags=MS_BIND | MS_REC)


def enter(simulated: Path) -> None:
    """Put the simulated files of a node in their places, in this mount namespace only."""
    bind(simulated / "proc" / "stat", Path("/proc/stat"))
    powercap = Path("/sys/class/powercap")
    if not powercap.is_dir():
        _open_sys(simulated / "sys-view")
    bind(simulated / "sys" / "class" / "powercap", powercap)


def _open_sys(view: Path) -> None:
    """Replace /sys by a tmpfs that holds the same, and a folder for powercap."""
    view.mkdir(exist_ok=True)
    mount("minicluster", view, "tmpfs", options="mode=755,size=1m")
    for entry in Path("/sys").iterdir():
        if entry.name != "class":
            _mirror(entry, view / entry.name)
    (view / "class").mkdir()
    for entry in Path("/sys/class").iterdir():
        _mirror(entry, view / "class" / entry.name)
    (view / "class" / "powercap").mkdir()
    bind(view, Path("/sys"))


def _mirror(entry: Path, target: Path) -> None:
    if entry.is_symlink():
        target.symlink_to(entry.readlink())
        return
    target.mkdir() if entry.is_dir() else target.touch()
    bind(entry, target)


if __name__ == "__main__":
    enter(Path(sys.argv[1]))
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606  the command line is the supervisor's own
