"""A site's hours, days, weeks and months partition time, whatever its clock does."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maxwatt.domain.periods import HOUR_MS, Period, end_of, start_of, starts_between
from maxwatt.domain.units import BUCKET_MS

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = [
    ZoneInfo(name)
    for name in ("UTC", "Europe/Berlin", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Havana")
]


def at(text: str, zone: ZoneInfo = BERLIN) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


def test_a_day_in_spring_has_23_hours_and_one_in_autumn_25():
    for date, hours in (("2026-03-29", 23), ("2026-06-01", 24), ("2026-10-25", 25)):
        start = at(date)
        end = end_of(Period.DAY, start, BERLIN)
        assert (end - start) / HOUR_MS == hours
        assert len(list(starts_between(Period.HOUR, start, end, BERLIN))) == hours


def test_weeks_begin_on_monday_and_months_on_their_first():
    moment = at("2026-11-22 15:07:31")
    assert start_of(Period.HOUR, moment, BERLIN) == at("2026-11-22 15:00")
    assert start_of(Period.DAY, moment, BERLIN) == at("2026-11-22")
    assert start_of(Period.WEEK, moment, BERLIN) == at("2026-11-16")
    assert start_of(Period.MONTH, moment, BERLIN) == at("2026-11-01")
    assert start_of(Period.UTC_DAY, moment, BERLIN) == at("2026-11-22", ZoneInfo("UTC"))
    assert end_of(Period.MONTH, at("2026-11-01"), BERLIN) == at("2026-12-01")
    assert end_of(Period.WEEK, at("2026-10-19"), BERLIN) == at("2026-10-26")  # the clock goes back on its Sunday


def test_hours_of_a_half_hour_zone_begin_with_its_day():
    kolkata = ZoneInfo("Asia/Kolkata")
    assert start_of(Period.HOUR, at("2026-05-05 10:59", kolkata), kolkata) == at("2026-05-05 10:00", kolkata)


def test_a_midnight_that_does_not_exist_begins_the_day_at_the_change():
    havana = ZoneInfo("America/Havana")  # 2026-03-08: 00:00 becomes 01:00
    start = start_of(Period.DAY, at("2026-03-08 12:00", havana), havana)
    assert start == at("2026-03-08 01:00", havana)
    assert end_of(Period.DAY, start, havana) == at("2026-03-09 00:00", havana)


@pytest.mark.parametrize("period", list(Period))
@given(ts_ms=st.integers(1_500_000_000_000, 1_900_000_000_000), zone=st.sampled_from(ZONES))
def test_every_moment_lies_in_one_period(period, ts_ms, zone):
    start = start_of(period, ts_ms, zone)
    end = end_of(period, start, zone)
    assert start <= ts_ms < end
    assert start_of(period, start, zone) == start_of(period, end - 1, zone) == start
    assert start_of(period, end, zone) == end
    assert start % BUCKET_MS == 0


@pytest.mark.parametrize(
    ("fine", "coarse"),
    [(Period.HOUR, Period.DAY), (Period.DAY, Period.WEEK), (Period.DAY, Period.MONTH)],
)
@given(ts_ms=st.integers(1_500_000_000_000, 1_900_000_000_000), zone=st.sampled_from(ZONES))
def test_longer_periods_consist_of_whole_shorter_ones(fine, coarse, ts_ms, zone):
    start = start_of(coarse, ts_ms, zone)
    end = end_of(coarse, start, zone)
    assert start_of(fine, start, zone) == start
    assert end_of(fine, start_of(fine, end - 1, zone), zone) == end
