import math
from collections.abc import Callable

import pytest

from maxwatt.domain import formatting as f


@pytest.mark.parametrize(
    ("energy_j", "text"),
    [
        (None, "unknown"),
        (math.nan, "unknown"),
        (0.0, "0 J"),
        (0.00001, "≈0 J"),
        (0.5, "0.5 J"),
        (3599.0, "1 Wh"),
        (2400.0, "0.667 Wh"),
        (36.0, "0.01 Wh"),
        (35.9, "35.9 J"),
        (5400.0, "1.5 Wh"),
        (3.6e6 * 12.345, "12.3 kWh"),
        (3.6e9 * 1.5, "1.5 MWh"),
        (3.6e12 * 1234.4, "1234 GWh"),
        (-7200.0, "-2 Wh"),
    ],
)
def test_energy(energy_j: float | None, text: str) -> None:
    assert f.format_energy(energy_j) == text


@pytest.mark.parametrize(
    ("write", "value", "text"),
    [
        (f.format_power, 999.4, "999 W"),
        (f.format_power, 999.9, "1 kW"),
        (f.format_power, 12_345.0, "12.3 kW"),
        (f.format_co2, 0.0123, "0.0123 g"),
        (f.format_co2, 1_230.0, "1.23 kg"),
        (f.format_co2, 4.5e6, "4.5 t"),
        (f.format_bytes, 0.0, "0 B"),
        (f.format_bytes, 1023.0, "1023 B"),
        (f.format_bytes, 1536.0, "1.5 KiB"),
        (f.format_bytes, 16.0 * 2**30, "16 GiB"),
        (f.format_rate, 999.0, "999 B/s"),
        (f.format_rate, 12_500_000.0, "12.5 MB/s"),
        (f.format_rate, None, "unknown"),
        (f.format_kwh, 3.6e6 * 0.25, "0.25"),
        (f.format_kwh, 3.6e6 * 0.0004, "< 0.0005"),
        (f.format_kwh, 3.6e6 * 0.0006, "0.0006"),
        (f.format_kwh, 0.0, "0"),
        (f.format_share, 0.0, "0 %"),
        (f.format_share, 0.0432, "4.3 %"),
        (f.format_share, 0.432, "43 %"),
        (f.format_share, 0.0994, "9.9 %"),
        (f.format_share, 1.23, "123 %"),
        (f.format_duration, 0.9, "00:00:00"),
        (f.format_duration, 185.0, "00:03:05"),
        (f.format_duration, 93784.0, "1-02:03:04"),
        (f.format_duration, -61.0, "-00:01:01"),
        (f.format_age, 0.2, "0 s"),
        (f.format_age, 119.0, "1 min"),
        (f.format_age, 2 * 86400.0, "2 d"),
    ],
)
def test_units_and_digits(write: Callable[[float], str], value: float, text: str) -> None:
    assert write(value) == text


@pytest.mark.parametrize(
    "write",
    [f.format_power, f.format_co2, f.format_bytes, f.format_kwh, f.format_share, f.format_duration, f.format_age],
)
def test_unknown_stays_unknown(write: Callable[[float | None], str]) -> None:
    assert write(None) == write(math.nan) == "unknown"


def test_time_names_its_zone_on_both_sides_of_the_summer_change() -> None:
    winter_ms, summer_ms = 1_735_689_600_000, 1_751_371_200_000  # 2025-01-01 and 2025-07-01 12:00 UTC
    assert f.format_time(winter_ms, "Europe/Berlin") == "2025-01-01 01:00:00 CET"
    assert f.format_time(summer_ms, "Europe/Berlin") == "2025-07-01 14:00:00 CEST"
    assert f.format_time(None, "UTC") == "unknown"


def test_iso_time_keeps_milliseconds_and_offset() -> None:
    assert f.iso_time(1_751_371_200_123, "Europe/Berlin") == "2025-07-01T14:00:00.123+02:00"
    assert f.iso_time(None, "UTC") is None
