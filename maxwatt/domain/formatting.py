"""Figures as people read them: one spelling for page, mail and command line. What is not known is "unknown"."""

import math
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from maxwatt.domain.units import J_PER_KWH, J_PER_WH, MS_PER_S

UNKNOWN: Final = "unknown"

_ENERGY: Final = ((J_PER_WH, "Wh"), (J_PER_KWH, "kWh"), (1e3 * J_PER_KWH, "MWh"), (1e6 * J_PER_KWH, "GWh"))
_LEAST_WH_J: Final = 0.01 * J_PER_WH
"""Below this [J] joules say more."""
_LEAST_KWH: Final = 0.0005
"""Below this [kWh] a column of kWh only says that it is little."""
_POWER: Final = ((1.0, "W"), (1e3, "kW"), (1e6, "MW"))
_CO2: Final = ((1.0, "g"), (1e3, "kg"), (1e6, "t"))
_BYTES: Final = ((1.0, "B"), (2.0**10, "KiB"), (2.0**20, "MiB"), (2.0**30, "GiB"), (2.0**40, "TiB"), (2.0**50, "PiB"))
_RATES: Final = ((1.0, "B/s"), (1e3, "kB/s"), (1e6, "MB/s"), (1e9, "GB/s"))
_AGES: Final = ((1.0, "s"), (60.0, "min"), (3600.0, "h"), (86400.0, "d"))


def format_number(value: float | None) -> str:
    """Three significant digits, whole from 100 on, no exponent, no trailing zeros; `≈0` is tiny but not zero."""
    if value is None or math.isnan(value):
        return UNKNOWN
    if 0 < abs(value) < 0.0005:
        return "≈0"
    if abs(value) >= 99.95:
        return f"{value:.0f}"
    return f"{_significant(value):.6f}".rstrip("0").rstrip(".")


def format_energy(energy_j: float | None) -> str:
    """Energy [J] as Wh, kWh, MWh or GWh, and as J where it is less than 0.01 Wh."""
    tiny = energy_j is not None and abs(energy_j) < _LEAST_WH_J
    return _scaled(energy_j, ((1.0, "J"),) if tiny else _ENERGY)


def format_kwh(energy_j: float | None) -> str:
    """Energy [J] as the bare number of kWh, for a column whose head names the unit."""
    if energy_j is not None and 0 < energy_j < _LEAST_KWH * J_PER_KWH:
        return f"< {_LEAST_KWH}"
    return format_number(None if energy_j is None else energy_j / J_PER_KWH)


def format_power(power_w: float | None) -> str:
    """Power [W] as W, kW or MW."""
    return _scaled(power_w, _POWER)


def format_co2(co2_g: float | None) -> str:
    """CO₂ equivalent [g] as g, kg or t."""
    return _scaled(co2_g, _CO2)


def format_bytes(size_bytes: float | None) -> str:
    """Bytes in IEC units, B to PiB."""
    return _scaled(size_bytes, _BYTES)


def format_rate(bytes_per_s: float | None) -> str:
    """Traffic [B/s] in decimal units, as adapters and disks are sold, B/s to GB/s."""
    return _scaled(bytes_per_s, _RATES)


def format_share(share: float | None) -> str:
    """A ratio [1] as percent, to two significant digits below 10 % and whole above; over 100 % is shown as it is."""
    if share is None or math.isnan(share):
        return UNKNOWN
    percent = 100 * share
    if abs(percent) >= 9.95 or percent == 0:
        return f"{percent:.0f} %"
    return f"{format_number(_significant(percent, 2))} %"


def format_duration(duration_s: float | None) -> str:
    """Seconds as Slurm writes them: `HH:MM:SS`, with days `D-HH:MM:SS`; parts of a second are cut off."""
    if duration_s is None or math.isnan(duration_s):
        return UNKNOWN
    sign = "-" if duration_s <= -1 else ""
    minutes, seconds = divmod(int(abs(duration_s)), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"{sign}{f'{days}-' if days else ''}{hours:02d}:{minutes:02d}:{seconds:02d}"


def format_age(age_s: float | None) -> str:
    """How long ago, in its largest whole unit: `12 s`, `5 min`, `3 h`, `2 d`."""
    if age_s is None or math.isnan(age_s):
        return UNKNOWN
    size, unit = next((step for step in reversed(_AGES) if abs(age_s) >= step[0]), _AGES[0])
    return f"{int(age_s / size)} {unit}"


def format_time(ts_ms: int | None, zone: str) -> str:
    """A moment [epoch ms] on the clock of `zone` (a tz database name), with the zone: `2025-07-01 14:00:00 CEST`."""
    if ts_ms is None:
        return UNKNOWN
    return f"{local_time(ts_ms, zone):%Y-%m-%d %H:%M:%S %Z}"


def iso_time(ts_ms: int | None, zone: str) -> str | None:
    """A moment [epoch ms] as ISO 8601 with its offset, `2025-07-01T14:00:00.000+02:00`; None stays None, for JSON."""
    return None if ts_ms is None else local_time(ts_ms, zone).isoformat(timespec="milliseconds")


def local_time(ts_ms: int, zone: str) -> datetime:
    """A moment [epoch ms] as an aware datetime in `zone`."""
    whole_s, rest_ms = divmod(ts_ms, MS_PER_S)
    moment = datetime.fromtimestamp(whole_s, UTC).replace(microsecond=rest_ms * 1000)  # no float: ms stay exact
    return moment.astimezone(ZoneInfo(zone))


def _significant(value: float, digits: int = 3) -> float:
    if value == 0:
        return 0.0
    return round(value, digits - 1 - math.floor(math.log10(abs(value))))


def _scaled(value: float | None, steps: tuple[tuple[float, str], ...]) -> str:
    if value is None or math.isnan(value):
        return UNKNOWN
    # What rounds up to a unit is in it: 999.9 W is 1 kW, not 1000 W.
    size, unit = next((step for step in reversed(steps) if abs(value) >= 0.9995 * step[0]), steps[0])
    return f"{format_number(value / size)} {unit}"
