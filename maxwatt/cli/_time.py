"""Moments as people type them: `7d`, `2h`, `2025-07-01`, `2025-07-01T14:00+02:00`, `1751371200`, `now`."""

import argparse
import re
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from maxwatt.domain import clock
from maxwatt.domain.errors import InputError
from maxwatt.domain.units import MS_PER_S

FORMS: Final = "7d, 2h, 30min (ago), 2025-07-01, 2025-07-01T14:00 (site's time), with offset, epoch seconds, now"

_AGO: Final = re.compile(r"(\d{1,6})\s*(s|min|m|h|d|w)", re.ASCII)
_SECONDS: Final = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


def add_time_options(parser: argparse.ArgumentParser, since: str = "7d") -> None:
    """`--since` and `--until`."""
    parser.add_argument("--since", default=since, metavar="TIME", help=f"from here on (default: {since}): {FORMS}")
    parser.add_argument("--until", default="now", metavar="TIME", help="up to here, exclusive (default: now)")


def span_of(args: argparse.Namespace, zone: str, now_ms: int | None = None) -> tuple[int, int]:
    """`--since` and `--until` in epoch ms.

    Raises:
        InputError: one cannot be read, or the time is empty.
    """
    now_ms = clock.now_ms() if now_ms is None else now_ms
    since_ms, until_ms = parse_moment(args.since, zone, now_ms), parse_moment(args.until, zone, now_ms)
    if since_ms >= until_ms:
        raise InputError(f"--since {args.since} is not before --until {args.until}")
    return since_ms, until_ms


def parse_moment(text: str, zone: str, now_ms: int) -> int:
    """A moment in epoch ms.

    Args:
        text: one of FORMS; a date is its midnight; 13 digits are epoch ms.
        zone: time zone (tz database) of what has no offset. An hour that comes twice is the first one.
        now_ms: what `now` and `7d` (ago) count from.

    Raises:
        InputError: no such form, or an hour that the clocks skip.
    """
    word = text.strip()
    ago = _AGO.fullmatch(word)
    if word == "now":
        return now_ms
    if ago:
        return now_ms - int(ago[1]) * _SECONDS[ago[2]] * MS_PER_S
    if word.isascii() and word.isdigit() and len(word) in (10, 13):
        return int(word) * (MS_PER_S if len(word) == 10 else 1)
    return _epoch_ms(_parsed(word), zone, text)


def _parsed(word: str) -> datetime:
    try:
        return datetime.fromisoformat(word)
    except ValueError:
        raise InputError(f"cannot read the time {word!r}; known forms: {FORMS}") from None


def _epoch_ms(moment: datetime, zone: str, text: str) -> int:
    if moment.tzinfo is None:
        local = moment.replace(tzinfo=ZoneInfo(zone))
        if local.astimezone(UTC).astimezone(local.tzinfo).replace(tzinfo=None) != moment:
            raise InputError(f"there was no {text!r} in {zone}: the clocks were put forward; give an offset")
        moment = local
    return round(moment.timestamp() * MS_PER_S)
