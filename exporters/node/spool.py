"""What could not be sent, kept on disk within a bound: sent oldest first, dropped oldest first."""

import logging
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from maxwatt.domain.errors import SourceError

SEGMENT_BYTES: Final = 512 << 10
"""A segment is sent as one request."""

_LEAST_SEGMENTS: Final = 8
"""A full spool loses at most this part of its content at once."""

_NAME: Final = re.compile(r"(\d{12})\.lines")
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Segment:
    """The oldest lines of the spool.

    Args:
        number: its place in the order.
        lines: whole lines.
    """

    number: int
    lines: bytes


class Spool:
    """Segment files of whole lines, numbered in order of time.

    A process that is killed leaves at most one torn line, at the end of a file: it is cut off when the file is read,
    and the next process begins a file of its own. A segment is removed only when the server has taken it; killed in
    between, it is sent again, and the store drops rows that it has.

    Args:
        folder: where the segments lie; it is made.
        max_bytes: above this the oldest whole segments are dropped [B].

    Raises:
        SourceError: the folder cannot be used.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder, self._max_bytes = folder, max_bytes
        self._segment_bytes = max(1, min(SEGMENT_BYTES, max_bytes // _LEAST_SEGMENTS))
        self._descriptor = -1
        self.dropped_lines = 0
        try:
            folder.mkdir(mode=0o750, parents=True, exist_ok=True)
            self._sizes = _existing(folder)
        except OSError as error:
            raise SourceError(f"{folder}: cannot hold the spool: {error.strerror}") from error
        self._next = max(self._sizes, default=0) + 1

    @property
    def size_bytes(self) -> int:
        """All that waits [B]."""
        return sum(self._sizes.values())

    @property
    def empty(self) -> bool:
        """Nothing waits."""
        return not self._sizes

    def append(self, lines: bytes) -> None:
        """Keep whole lines behind all others.

        Raises:
            SourceError: they cannot be written.
        """
        try:
            number = self._segment_for(len(lines))
            _write_all(self._descriptor, lines)
            self._sizes[number] += len(lines)
        except OSError as error:
            self.close()  # half a line may stand there: nothing may follow it in that file
            raise SourceError(f"{self._folder}: the spool cannot be written: {error.strerror}") from error
        self._shrink()

    def oldest(self) -> Segment | None:
        """The lines to send next, None when nothing waits.

        Raises:
            SourceError: a segment cannot be read.
        """
        while self._sizes:
            number = min(self._sizes)
            try:
                data = self._path(number).read_bytes()
            except FileNotFoundError:  # somebody tidied up
                data = b""
            except OSError as error:
                raise SourceError(f"{self._path(number)}: cannot be read: {error.strerror}") from error
            lines = data[: data.rfind(b"\n") + 1]
            if lines:
                return Segment(number, lines)
            self.acknowledge(number)
        return None

    def acknowledge(self, number: int) -> None:
        """Forget a segment: the server has it.

        Raises:
            SourceError: its file cannot be removed; the next process sends it again, and the store drops what it has.
        """
        if number == self._next - 1:
            self.close()
        self._sizes.pop(number, None)
        try:
            self._path(number).unlink(missing_ok=True)
        except OSError as error:
            raise SourceError(f"{self._path(number)}: cannot be removed: {error.strerror}") from error

    def close(self) -> None:
        """End the segment that is written to; the next line begins another."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _segment_for(self, size_bytes: int) -> int:
        number = self._next - 1
        if self._descriptor >= 0 and self._sizes[number] + size_bytes <= self._segment_bytes:
            return number
        self.close()
        number = self._next
        self._descriptor = os.open(self._path(number), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
        self._sizes[number] = 0
        self._next += 1
        return number

    def _shrink(self) -> None:
        """Drop the oldest segments until the bound is kept; the one just written stays."""
        while self.size_bytes > self._max_bytes and len(self._sizes) > 1:
            number = min(self._sizes)
            try:
                lost = self._path(number).read_bytes().count(b"\n")
            except FileNotFoundError:
                lost = 0
            self.acknowledge(number)
            self.dropped_lines += lost
            _LOG.warning("the spool is full: %d oldest lines dropped, %d in all", lost, self.dropped_lines)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:012d}.lines"


def _existing(folder: Path) -> dict[int, int]:
    found = {}
    for path in folder.iterdir():
        if match := _NAME.fullmatch(path.name):
            found[int(match[1])] = path.stat().st_size
    return found


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
