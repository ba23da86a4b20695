import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.ingest.exact_line import MAX_LINE_BYTES
from aggregator.ingest.files import chunks, opened
from maxwatt.domain.errors import SourceError


@given(st.lists(st.binary(max_size=12).filter(lambda b: b"\n" not in b)), st.integers(1, 9), st.booleans())
def test_chunks_are_whole_lines_with_their_numbers(lines: list[bytes], size: int, ended: bool) -> None:
    text = b"\n".join(lines) + (b"\n" if ended else b"")
    found = list(chunks(io.BytesIO(text), "x", size))
    assert b"".join(chunk.body for chunk in found) == text
    for chunk in found:
        before = text[: text.index(chunk.body) if chunk is found[0] else None]
        assert chunk.body.endswith(b"\n") or chunk is found[-1]
        assert chunk.first_line >= 1 + before.count(b"\n") * (chunk is found[0])
    assert [c.first_line for c in found] == [
        1 + b"".join(c.body for c in found[:n]).count(b"\n") for n in range(len(found))
    ]


def test_a_line_without_end_does_not_fill_the_memory() -> None:
    text = b"a" * (10 * MAX_LINE_BYTES) + b"\nnext\n"
    found = list(chunks(io.BytesIO(text), "x", 4096))
    long, *rest = b"".join(chunk.body for chunk in found).split(b"\n")
    assert MAX_LINE_BYTES < len(long) < 2 * MAX_LINE_BYTES
    assert rest == [b"next", b""]


def test_gzip_files_are_unpacked_and_their_progress_is_told(tmp_path: Path) -> None:
    path = tmp_path / "s.lp.gz"
    path.write_bytes(gzip.compress(b"one\ntwo\n", mtime=0))
    with opened(str(path)) as (stream, position):
        assert [chunk.body for chunk in chunks(stream, "s")] == [b"one\ntwo\n"]
        assert position() == path.stat().st_size


def test_gzip_is_known_without_its_name(tmp_path: Path) -> None:
    path = tmp_path / "packed"
    path.write_bytes(gzip.compress(b"one\ntwo\n", mtime=0))
    with opened(str(path)) as (stream, _):
        assert [chunk.body for chunk in chunks(stream, "s")] == [b"one\ntwo\n"]


@pytest.mark.parametrize("content", [b"no gzip at all", gzip.compress(b"line\n" * 1000, mtime=0)[:-20]])
def test_damaged_gzip_files_are_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "s.lp.gz"
    path.write_bytes(content)
    with opened(str(path)) as (stream, _), pytest.raises(SourceError, match="cannot be read to its end"):
        list(chunks(stream, "s"))


def test_missing_files_are_named() -> None:
    with pytest.raises(SourceError, match=r"nowhere\.lp: cannot be read: No such file"), opened("nowhere.lp"):
        pass
