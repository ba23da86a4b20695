"""Files of line protocol, read in chunks of whole lines: plain, gzip, or standard input."""

import contextlib
import gzip
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Final, Protocol

from aggregator.ingest.exact_line import MAX_LINE_BYTES
from maxwatt.domain.errors import SourceError

CHUNK_BYTES: Final = 4 * 1024 * 1024
GZIP_MAGIC: Final = b"\x1f\x8b"


class Readable(Protocol):
    """A stream of bytes."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes, none at the end."""
        ...


@dataclass(frozen=True, slots=True)
class Chunk:
    """Whole lines and the number of the first of them."""

    first_line: int
    body: bytes


@contextlib.contextmanager
def opened(name: str) -> Iterator[tuple[Readable, Callable[[], int]]]:
    """The lines of a file (`-`: standard input), and how many of its bytes [B] have been read.

    Gzip is recognised by its first bytes, and by the name: a file called .gz that is none is damaged.

    Raises:
        SourceError: it cannot be opened.
    """
    if name == "-":
        yield sys.stdin.buffer, lambda: 0
        return
    with _binary(name) as file:
        if name.endswith(".gz") or file.peek(2)[:2] == GZIP_MAGIC:
            with gzip.open(file) as unpacked:
                yield unpacked, file.tell
        else:
            yield file, file.tell


def _binary(name: str) -> BufferedReader:
    try:
        return Path(name).open("rb")
    except OSError as error:
        raise SourceError(f"{name}: cannot be read: {error.strerror}") from error


def chunks(stream: Readable, name: str, size: int = CHUNK_BYTES) -> Iterator[Chunk]:
    """The stream in pieces of about `size` bytes that end where lines end.

    A line without end is cut off behind MAX_LINE_BYTES, so that it cannot fill the memory; the parser refuses it.

    Raises:
        SourceError: it breaks off or is damaged; what was yielded before is good.
    """
    first_line, rest = 1, b""
    while block := _read(stream, name, size):
        whole, newline, tail = block.rpartition(b"\n")
        if newline:
            body = rest + whole + newline
            yield Chunk(first_line, body)
            first_line, rest = first_line + body.count(b"\n"), tail
        else:
            rest = (rest + tail)[: MAX_LINE_BYTES + 1] if len(rest) + len(tail) > MAX_LINE_BYTES else rest + tail
    if rest:
        yield Chunk(first_line, rest)


def _read(stream: Readable, name: str, size: int) -> bytes:
    try:
        return stream.read(size)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(f"{name}: cannot be read to its end: {error}") from error
