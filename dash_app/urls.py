"""What a page's address says: every view can be linked to. Parsing never fails: what cannot be read is left out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from urllib.parse import parse_qs, urlencode
from zoneinfo import ZoneInfo

from flask import has_request_context, request

from maxwatt.domain.units import BUCKET_MS, DAY_MS, MS_PER_S

PRESETS: Final[Mapping[str, int]] = {"24h": DAY_MS, "7d": 7 * DAY_MS, "30d": 30 * DAY_MS}
"""Lengths of the time ranges offered [ms]."""

DEFAULT_RANGE: Final = "7d"
CUSTOM: Final = "custom"
MAX_TEXT: Final = 200
MAX_RANGE_MS: Final = 3 * 366 * DAY_MS


@dataclass(frozen=True, slots=True)
class TimeRange:
    """A window [since_ms, until_ms) and how it was chosen: a preset's name or `custom`."""

    name: str
    since_ms: int
    until_ms: int


def link(path: str) -> str:
    """The address of one of our pages as the browser must ask for it: below the prefix that a proxy gave us, if any."""
    return (request.script_root if has_request_context() else "") + path


def own_path(pathname: str | None) -> str:
    """The path of a page as `link` takes it, from what stands in the browser's address."""
    base = link("")
    path = pathname or "/"
    return path[len(base) :] if base and path.startswith(f"{base}/") else path if path != base else "/"


def query_values(search: str | None) -> dict[str, str]:
    """First value of each parameter of a query string such as `?user=ada&q=md`."""
    return {key: values[0][:MAX_TEXT] for key, values in parse_qs((search or "").lstrip("?")).items()}


def job_path(job_id: int, start_ms: int | None = None) -> str:
    """Address of a job, of one attempt when its start [epoch ms] is given."""
    return link(f"/job/{job_id}") + (f"?start={start_ms}" if start_ms is not None else "")


def download_path(job_id: int, start_ms: int, name: str) -> str:
    """Address of a file about one attempt of a job, such as `summary.csv`."""
    return link(f"/download/job/{job_id}/{start_ms}/{name}")


def job_key(pathname: str, search: str | None) -> tuple[int, int | None] | None:
    """Job id and start [epoch ms] of an address such as `/job/42?start=1700000000000`; None when it names no job."""
    number = pathname.removeprefix("/job/").rstrip("/")
    if not number.isascii() or not number.isdecimal() or len(number) > 12:
        return None
    start = query_values(search).get("start", "")
    known = start.isascii() and start.isdecimal() and len(start) <= 15
    return int(number), int(start) if known else None


def jobs_path(**filters: str) -> str:
    """Address of the job table with some of `job_view.FILTERS`; empty ones are left out."""
    query = urlencode({key: value for key, value in filters.items() if value})
    return link("/jobs") + (f"?{query}" if query else "")


def energy_path(since: date, until: date) -> str:
    """Address of the energy page for whole days, both included."""
    return link("/energy") + f"?{urlencode({'since': since.isoformat(), 'until': until.isoformat()})}"


def time_range(name: str | None, since: str | None, until: str | None, now_ms: int, zone: str) -> TimeRange:
    """The window that a range's name or two days stand for.

    Args:
        name: `24h`, `7d`, `30d` or `custom`.
        since: first day, ISO, on the site's clock; read when the name is `custom` or missing.
        until: last day, included.
        now_ms: the wall clock [epoch ms].
        zone: the site's time zone.
    """
    days = _days(since, until) if name in {CUSTOM, None, ""} else None
    if days:
        since_ms, until_ms = _day_start_ms(days[0], zone), _day_start_ms(days[1] + timedelta(days=1), zone)
        return TimeRange(CUSTOM, max(since_ms, until_ms - MAX_RANGE_MS), until_ms)
    known = name if name is not None and name in PRESETS else DEFAULT_RANGE
    until_ms = -(-now_ms // BUCKET_MS) * BUCKET_MS  # the bucket that is being filled counts
    return TimeRange(known, until_ms - PRESETS[known], until_ms)


def _days(since: str | None, until: str | None) -> tuple[date, date] | None:
    try:
        first, last = sorted((date.fromisoformat(str(since)[:10]), date.fromisoformat(str(until)[:10])))
    except ValueError:
        return None
    return (first, last) if first.year > 1970 and last.year < 2200 else None


def _day_start_ms(day: date, zone: str) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).timestamp()) * MS_PER_S
