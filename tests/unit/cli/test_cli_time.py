from argparse import ArgumentParser

import pytest

from maxwatt.cli._time import add_time_options, parse_moment, span_of
from maxwatt.domain.errors import InputError

NOW = 1_751_371_200_000  # 2025-07-01T12:00:00Z
ZONE = "Europe/Berlin"


@pytest.mark.parametrize(
    ("text", "expected_ms"),
    [
        ("now", NOW),
        ("90s", NOW - 90_000),
        ("30min", NOW - 1_800_000),
        ("30m", NOW - 1_800_000),
        (" 2h ", NOW - 7_200_000),
        ("7d", NOW - 604_800_000),
        ("1w", NOW - 604_800_000),
        ("2025-07-01", 1_751_320_800_000),  # midnight of summer time: 22:00 UTC
        ("2025-01-01", 1_735_686_000_000),  # of winter time: 23:00 UTC
        ("2025-07-01T14:00", NOW),
        ("2025-07-01 14:00:00.250", NOW + 250),
        ("2025-07-01T12:00Z", NOW),
        ("2025-07-01T05:00-07:00", NOW),
        ("1751371200", NOW),
        ("1751371200123", NOW + 123),
        ("2025-10-26T02:30", 1_761_438_600_000),  # comes twice: the first, in summer time (00:30 UTC)
    ],
)
def test_forms(text: str, expected_ms: int) -> None:
    assert parse_moment(text, ZONE, NOW) == expected_ms


@pytest.mark.parametrize("text", ["", "yesterdayish", "7", "7x", "-7d", "2025-13-01", "12345678901234567890", "٧d"])
def test_what_cannot_be_read_is_told_with_the_known_forms(text: str) -> None:
    with pytest.raises(InputError, match="known forms"):
        parse_moment(text, ZONE, NOW)


def test_an_hour_that_the_clocks_skip_is_refused() -> None:
    with pytest.raises(InputError, match="put forward"):
        parse_moment("2025-03-30T02:30", ZONE, NOW)
    assert parse_moment("2025-03-30T02:30", "UTC", NOW) == 1_743_301_800_000


def test_span_defaults_to_the_last_week_and_must_not_be_empty() -> None:
    parser = ArgumentParser()
    add_time_options(parser)
    assert span_of(parser.parse_args([]), ZONE, NOW) == (NOW - 604_800_000, NOW)
    with pytest.raises(InputError, match="not before"):
        span_of(parser.parse_args(["--since", "now"]), ZONE, NOW)
