"""Jobs from a file: `sacct -P` output with its header, or Slurm's JSON; plain or gzip."""

import gzip
import json
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, RawIOBase, TextIOWrapper
from pathlib import Path
from typing import Any, Final, TextIO, cast

from aggregator.sources.jobs.sacct import parse_sacct
from aggregator.sources.jobs.slurm_json import parse_jobs_document
from maxwatt.domain.errors import InputError
from maxwatt.domain.jobs import JobRecord

STANDARD_INPUT: Final = Path("-")
_GZIP_MAGIC = b"\x1f\x8b"


def read_jobs_file(path: Path, cluster: str, zone: str) -> tuple[list[JobRecord], list[str]]:
    """Job records of a file, and a sentence for every row that could not be read.

    Args:
        path: `sacct -P` output, or the JSON of sacct or scontrol; gzip is recognised by its first bytes; `-` is
            standard input.
        cluster: name the records get.
        zone: time zone of times without offset.

    Raises:
        InputError: with the file's name: it cannot be opened, is torn, is no text, or lacks needed columns.
    """
    try:
        with _opened(path) as text:
            first = text.readline()
            if "\0" in first:
                raise InputError("is no text file")
            if first.lstrip("\ufeff \t\r\n").startswith("{"):
                return parse_jobs_document(json.loads(first.lstrip("\ufeff") + text.read()), cluster)
            return parse_sacct(_with_first(first, text), cluster, zone)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{path}: torn or no gzip file: {error}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is no UTF-8 text file") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: is no JSON: {error}") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    with _raw(path) as raw:
        zipped = raw.peek(2)[:2] == _GZIP_MAGIC
        # newline="\n": only Slurm's own line ends separate rows, not every sign that Unicode calls a line break
        text = TextIOWrapper(gzip.GzipFile(fileobj=raw) if zipped else raw, encoding="utf-8", newline="\n")
        yield text


@contextmanager
def _raw(path: Path) -> "Iterator[BufferedReader[Any]]":  # at run time it takes no parameter
    if path == STANDARD_INPUT:
        reader = BufferedReader(cast(RawIOBase, sys.stdin.buffer))  # which need not be one that can be looked into
        yield reader
        reader.detach()
        return
    with path.open("rb") as raw:
        yield raw


def _with_first(first: str, rest: TextIO) -> Iterator[str]:
    yield first
    yield from rest
