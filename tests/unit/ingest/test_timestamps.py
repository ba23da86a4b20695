import pyarrow as pa
import pytest

from aggregator.ingest.timestamps import EARLIEST_MS, TimeRule
from maxwatt.domain.errors import InputError

NOW = 1_780_000_000_000


@pytest.mark.parametrize(
    ("precision", "stamp"),
    [("ns", NOW * 10**6 + 999_999), ("us", NOW * 10**3 + 999), ("ms", NOW), ("s", NOW // 1000)],
)
def test_every_precision_becomes_whole_ms(precision: str, stamp: int) -> None:
    rule = TimeRule(precision, NOW)
    assert rule.to_ms(stamp) == NOW
    assert rule.column_to_ms(pa.array([stamp])).to_pylist() == [NOW]


def test_seconds_that_leave_64_bits_are_refused_not_wrapped() -> None:
    with pytest.raises(pa.ArrowInvalid):
        TimeRule("s", NOW).column_to_ms(pa.array([2**62]))


def test_an_hour_ahead_is_believed_and_no_more() -> None:
    rule = TimeRule("ms", NOW)
    assert rule.fault(NOW + 3_600_000) is None
    assert "hour ahead" in (rule.fault(NOW + 3_600_001) or "")
    assert rule.fault(EARLIEST_MS) is None
    assert "2000" in (rule.fault(EARLIEST_MS - 1) or "")


def test_unknown_precision() -> None:
    with pytest.raises(InputError, match="known: ns, us, ms, s"):
        TimeRule("m", NOW)
