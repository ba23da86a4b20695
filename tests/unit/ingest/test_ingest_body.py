import gzip

import pytest

from aggregator.ingest.body import TooLargeError, unpacked
from maxwatt.domain.errors import InputError


def test_plain_and_gzip_bodies() -> None:
    assert unpacked(b"abc", "") == b"abc"
    assert unpacked(b"abc", "identity") == b"abc"
    assert unpacked(gzip.compress(b"abc", mtime=0), "GZIP") == b"abc"
    assert unpacked(gzip.compress(b"abc", mtime=0) + gzip.compress(b"def", mtime=0), "gzip") == b"abcdef"


def test_bodies_too_large_as_sent_or_unpacked_are_refused() -> None:
    bomb = gzip.compress(b"\0" * 10_000_000, mtime=0)
    assert len(bomb) < 20_000
    for data, encoding in ((b"x" * 20_001, ""), (bomb, "gzip"), (gzip.compress(b"x" * 15_000, mtime=0) * 2, "gzip")):
        with pytest.raises(TooLargeError, match="20000 bytes"):
            unpacked(data, encoding, limit=20_000)
    assert len(unpacked(gzip.compress(b"x" * 20_000, mtime=0), "gzip", limit=20_000)) == 20_000


@pytest.mark.parametrize(
    "data", [b"plain", gzip.compress(b"abc" * 1000, mtime=0)[:-9], gzip.compress(b"abc", mtime=0) + b"junk"]
)
def test_damaged_gzip_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="gzip"):
        unpacked(data, "gzip")


def test_unknown_encodings_are_refused() -> None:
    with pytest.raises(InputError, match="'br'; known: gzip"):
        unpacked(b"abc", "br")
