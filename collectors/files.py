"""Reading the kernel's small files: once, or again and again through one open descriptor."""

import errno
import os
from typing import Final

from maxwatt.domain.errors import MaxwattError, NoData, SourceError

_CHUNK_BYTES: Final = 1 << 16
_COUNTER_BYTES: Final = 64
_GONE: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENODEV})
"""ENODEV: the cgroup or device was removed after its file was opened."""


def read_bytes(path: str) -> bytes:
    """All of a file.

    Raises:
        NoData: it is not there, or no longer.
        SourceError: it is there and cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return _read_all(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise fault(path, error) from error


def _read_all(descriptor: int) -> bytes:
    chunks = []
    while chunk := os.read(descriptor, _CHUNK_BYTES):  # a short read is not yet the end of a /proc file
        chunks.append(chunk)
    return b"".join(chunks)


def read_int(path: str) -> int:
    """The whole number that is all of a file.

    Raises:
        NoData: it is not there.
        SourceError: it cannot be read or is no number.
    """
    return parse_int(read_bytes(path), path)


def parse_int(data: bytes, path: str) -> int:
    """The whole number in `data`, which was read from `path`.

    Raises:
        SourceError: it is no number.
    """
    try:
        return int(data)
    except ValueError as error:
        raise SourceError(f"{path}: {data[:40]!r} is no whole number") from error


def list_names(path: str) -> list[str]:
    """Names in a folder, sorted; none when the folder is not there.

    Raises:
        SourceError: it is there and cannot be listed.
    """
    try:
        return sorted(os.listdir(path))  # noqa: PTH208  names only: Path objects cost more than the listing
    except OSError as error:
        if error.errno in _GONE:
            return []
        raise fault(path, error) from error


def fault(path: str, error: OSError) -> MaxwattError:
    """NoData for what is not there, SourceError for everything else."""
    kind = NoData if error.errno in _GONE else SourceError
    return kind(f"{path}: {error.strerror}")


class HeldFile:
    """A counter file kept open: reading it again costs one `pread` instead of open, read and close."""

    def __init__(self, path: str) -> None:
        self.path, self._descriptor = path, -1

    def read_int(self) -> int:
        """The number the file holds now.

        Raises:
            NoData: the file is not there, or no longer.
            SourceError: it cannot be read or is no number.
        """
        try:
            data = os.pread(self._opened(), _COUNTER_BYTES, 0)
        except OSError as error:
            self.close()
            raise fault(self.path, error) from error
        return parse_int(data, self.path)

    def close(self) -> None:
        """Let go of the descriptor; the next reading opens the file again."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _opened(self) -> int:
        # A file that was replaced by another of its name has no link left: without this look it would stand still.
        if self._descriptor >= 0 and os.fstat(self._descriptor).st_nlink == 0:
            self.close()
        if self._descriptor < 0:
            self._descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        return self._descriptor
