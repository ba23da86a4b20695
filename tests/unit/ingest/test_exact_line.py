import pytest

from aggregator.ingest.exact_line import MAX_LINE_BYTES, parse_line
from aggregator.ingest.timestamps import TimeRule
from maxwatt.domain.errors import InputError

NOW = 1_780_000_000_000
RULE = TimeRule("ms", NOW)


def test_a_whole_line() -> None:
    row = parse_line(
        b"job,job_id=42,node=wn01 memory_resident_bytes=-7i,cpu_seconds_total=1.5e2 1780000000000", 1, RULE
    )
    assert row.measurement == "job"
    assert row.values == {
        "job_id": 42,
        "node": "wn01",
        "memory_resident_bytes": -7,
        "cpu_seconds_total": 150.0,
        "ts_ms": NOW,
    }


@pytest.mark.parametrize(
    ("written", "meant"),
    [(rb"a\,b", "a,b"), (rb"a\ b", "a b"), (rb"a\=b", "a=b"), (rb"a\\b", "a\\b"), ("knöten".encode(), "knöten")],
)
def test_escapes_are_undone(written: bytes, meant: str) -> None:
    assert parse_line(b"node,node=%s cpu_count=1i 1780000000000" % written, 1, RULE).values["node"] == meant


@pytest.mark.parametrize("number", ["0", "-0.5", ".5", "5.", "+1e-3", "1E5", "1e-400", "123456789.123456789"])
def test_numbers_are_pythons_own(number: str) -> None:
    row = parse_line(f"node,node=a monotonic_s={number} 1780000000000".encode(), 1, RULE)
    assert row.values["monotonic_s"] == float(number)


T = "1780000000000"
HOSTILE = [
    ("nodes,node=a cpu_count=1i " + T, 1, "unknown measurement 'nodes'"),
    (",node=a cpu_count=1i " + T, 1, "the measurement is missing"),
    ("garbage", 1, "unknown measurement"),
    ("node cpu_count=1i " + T, 5, "node needs tag node"),
    ("job,node=a cpu_seconds_total=1 " + T, 11, "job needs tag job_id"),
    ("node,host=a cpu_count=1i " + T, 6, "no tag 'host'; known: node"),
    ("node,node=a,node=b cpu_count=1i " + T, 13, "tag node stands twice"),
    ("node,node= cpu_count=1i " + T, 11, "the value of tag node is missing"),
    ("node,node cpu_count=1i " + T, 10, "the = after tag node is missing"),
    ("node,node=a", 12, "a space between tags and fields is missing"),
    ("node,node=a=b cpu_count=1i " + T, 12, "a space between tags and fields is missing"),
    ("node,node=a\\b cpu_count=1i " + T, 12, "a backslash escapes"),
    ("node,node=a\\", 12, "a backslash escapes"),
    ("node,node=a  cpu_count=1i " + T, 13, "a field's name is missing"),
    ("node,node=a watts=1 " + T, 13, "no field 'watts'; known: monotonic_s"),
    ("node,node=a cpu_count=1i,cpu_count=2i " + T, 26, "field cpu_count stands twice"),
    ("node,node=a cpu_count " + T, 22, "the = after field cpu_count is missing"),
    ("node,node=a cpu_count= " + T, 23, "the value of field cpu_count is missing"),
    ("node,node=a cpu_count=1 " + T, 23, "whole number ending in i"),
    ("node,node=a cpu_count=1.5i " + T, 23, "whole number ending in i"),
    ("node,node=a cpu_count=0x10i " + T, 23, "whole number ending in i"),
    ("node,node=a cpu_count=1ii " + T, 23, "whole number ending in i"),
    ("node,node=a cpu_count=9223372036854775808i " + T, 23, "does not fit into 64 bits"),
    ("node,node=a cpu_count=٣i " + T, 23, "whole number ending in i"),
    ("node,node=a monotonic_s=3i " + T, 25, "must be a number"),
    ("node,node=a monotonic_s=1_000 " + T, 25, "must be a number"),
    ("node,node=a monotonic_s=0x1p3 " + T, 25, "must be a number"),
    ("node,node=a monotonic_s=true " + T, 25, "must be a number"),
    ('node,node=a monotonic_s="1 2" ' + T, 25, "must be a number"),
    ("node,node=a monotonic_s=NaN " + T, 25, "leave a field out that could not be read"),
    ("node,node=a monotonic_s=-inf " + T, 25, "leave a field out that could not be read"),
    ("node,node=a monotonic_s=1e999 " + T, 25, "too large"),
    ("node,node=a monotonic_s=1,cpu_count=2i", 39, "the timestamp is missing"),
    ("node,node=a monotonic_s=1 ", 27, "the timestamp is missing"),
    ("node,node=a monotonic_s=1 1.78e12", 27, "must be a whole number"),
    ("node,node=a monotonic_s=1 12345678901234567890123", 27, "must be a whole number"),
    ("node,node=a monotonic_s=1 " + T + " 7", 40, "nothing may follow"),
    ("node,node=a monotonic_s=1 1780000000", 27, "before the year 2000; is its precision 'ms'?"),
    ("node,node=a monotonic_s=1 -5", 27, "before the year 2000"),
    ("node,node=a monotonic_s=1 1780003600001", 27, "more than an hour ahead"),
    ("node,node=a\tmonotonic_s=1 " + T, 12, "control character"),
    ("node,node=a\x00 monotonic_s=1 " + T, 12, "control character"),
    ("node,node=" + "a" * 257 + " monotonic_s=1 " + T, 11, "longer than 256 characters"),
    ("job,node=a,job_id=-1 cpu_seconds_total=1 " + T, 19, "tag job_id must be a whole number"),
    ("job,node=a,job_id=7i cpu_seconds_total=1 " + T, 19, "tag job_id must be a whole number"),
    ("job,node=a,job_id=9223372036854775808 cpu_seconds_total=1 " + T, 19, "tag job_id must be a whole number"),
]


@pytest.mark.parametrize(("line", "column", "words"), HOSTILE)
def test_a_bad_line_is_named_with_its_column(line: str, column: int, words: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_line(line.encode(), 17, RULE)
    assert words in caught.value.message
    assert (caught.value.line, caught.value.column) == (17, column)


def test_bytes_that_are_no_text_are_named_with_their_place() -> None:
    with pytest.raises(InputError, match="line 3, column 12: is not UTF-8"):
        parse_line(b"node,node=a\xff cpu_count=1i 1780000000000", 3, RULE)


def test_an_endless_line_is_refused_before_it_is_read() -> None:
    with pytest.raises(InputError, match="longer than"):
        parse_line(b"node,node=" + b"a" * MAX_LINE_BYTES, 1, RULE)
