"""What outlives a restart of the agent: the epoch and the collectors' accumulators, one small JSON file."""

import hashlib
import json
import logging
import os
import time
from pathlib import Path
from typing import Any, Final

from collectors.files import read_bytes
from maxwatt.domain.errors import MaxwattError, NoData, SourceError

_FORMAT: Final = 1
_LOG = logging.getLogger(__name__)


def read_boot_id(root: str) -> str:
    """The kernel's id of this boot, empty where there is none to read."""
    try:
        return read_bytes(f"{root.rstrip('/')}/proc/sys/kernel/random/boot_id").decode("ascii", "replace").strip()
    except NoData:
        return ""


def epoch_id(boot_id: str, start_ns: int) -> int:
    """Identity of the epoch that began at `start_ns` [epoch ns UTC] in a boot: below 2^53, so exact as a float too."""
    digest = hashlib.blake2b(f"{boot_id} {start_ns}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 11


class State:
    """The epoch in force and a section of plain values for each collector that accumulates.

    Args:
        boot_id: the boot that the counters belong to, empty when it is not known.
        path: file to keep it in, None to keep nothing.
    """

    def __init__(self, boot_id: str, path: Path | None = None) -> None:
        self.boot_id, self._path = boot_id, path
        self.epoch_id = epoch_id(boot_id, time.time_ns())
        self._sections: dict[str, dict[str, Any]] = {}

    def section(self, name: str) -> dict[str, Any]:
        """The values of the collector `name`, to be changed in place."""
        return self._sections.setdefault(name, {})

    def renew(self, reason: str) -> None:
        """Open a new epoch: what happened since the last row is not known."""
        self.epoch_id = epoch_id(self.boot_id, time.time_ns())
        _LOG.warning("new epoch %d: %s", self.epoch_id, reason)

    def save(self) -> None:
        """Replace the file in one step.

        No fsync: it must survive the end of the process, and after a power cut there is another boot anyway.

        Raises:
            SourceError: the file cannot be written.
        """
        if self._path is None:
            return
        text = json.dumps(
            {"format": _FORMAT, "boot_id": self.boot_id, "epoch_id": self.epoch_id, "sections": self._sections}
        )
        beside = f"{self._path}.new"
        try:
            with open(beside, "w", encoding="ascii") as file:  # noqa: PTH123  once per cycle, on every node
                file.write(text)
            os.replace(beside, self._path)  # noqa: PTH105
        except OSError as error:
            raise SourceError(f"{self._path}: the counters' state cannot be kept: {error.strerror}") from error

    def adopt(self, kept: dict[str, Any]) -> None:
        """Go on with the epoch and sections of an earlier run.

        Raises:
            KeyError, TypeError: `kept` is not what `save` writes.
        """
        sections = {str(name): dict(values) for name, values in kept["sections"].items()}
        if type(kept["epoch_id"]) is not int:
            raise TypeError("epoch_id")
        self.epoch_id, self._sections = kept["epoch_id"], sections


def load(path: Path, boot_id: str) -> State:
    """The state kept at `path` where it is of this boot, else a new one with a new epoch.

    A file that cannot be understood is told and set aside: counters then begin a new epoch, nothing is invented.
    """
    state = State(boot_id, path)
    try:
        kept = json.loads(read_bytes(str(path)))
        if kept["format"] == _FORMAT and boot_id and kept["boot_id"] == boot_id:
            state.adopt(kept)
    except NoData:
        pass
    except (MaxwattError, ValueError, KeyError, TypeError, AttributeError) as error:
        _LOG.warning("%s: the kept counters cannot be used, a new epoch begins: %s", path, error)
    return state
