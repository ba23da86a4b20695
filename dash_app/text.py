"""Figures and words in the reader's way. How a figure is spelled is maxwatt.domain.formatting's; here it gets the
reader's decimal mark, and `unknown` their word. Pages take every figure from here.
"""

import functools
import re
from collections.abc import Callable
from datetime import date
from typing import Any, Final, Literal, ParamSpec

from babel.dates import format_skeleton, get_day_names, get_month_names
from babel.numbers import get_decimal_symbol

from dash_app.language import _, _n, language, marked_n
from maxwatt.domain import formatting
from maxwatt.domain.formatting import UNKNOWN, local_time
from maxwatt.domain.units import MS_PER_S

THIN: Final = "\u202f"
"""Between thousands, in every language."""

_LOCALES: Final = {"en": "en_GB"}
"""Where a language alone does not say how days are written; else the language is the locale."""
_SPANS: Final = (
    (86400 * 365.25, marked_n("a year ago", "{n} years ago"), marked_n("in a year", "in {n} years")),
    (86400 * 30.44, marked_n("a month ago", "{n} months ago"), marked_n("in a month", "in {n} months")),
    (86400.0, marked_n("a day ago", "{n} days ago"), marked_n("in a day", "in {n} days")),
    (3600.0, marked_n("an hour ago", "{n} hours ago"), marked_n("in an hour", "in {n} hours")),
    (60.0, marked_n("a minute ago", "{n} minutes ago"), marked_n("in a minute", "in {n} minutes")),
)
_MARK: Final = re.compile(r"(?<=\d)\.(?=\d)")
_WIDTHS: Final[tuple[Literal["wide", "abbreviated"], ...]] = ("wide", "abbreviated")
_FROM_SUNDAY: Final = (6, 0, 1, 2, 3, 4, 5)
"""Days as plotly orders them; 0 is Monday."""

_Args = ParamSpec("_Args")


def unknown() -> str:
    """What stands where a figure is not known."""
    return _("unknown")


def decimal_mark() -> str:
    """What stands before the decimals: a dot or a comma."""
    return _decimal_mark(locale())


@functools.lru_cache
def _decimal_mark(code: str) -> str:
    return get_decimal_symbol(code)


def locale() -> str:
    """The reader's locale as Babel names it."""
    code = language()
    return _LOCALES.get(code, code)


def localised(text: str) -> str:
    """A figure as the domain spells it, in the reader's way."""
    if "." not in text:
        return unknown() if text == UNKNOWN else text
    mark = decimal_mark()
    return text if mark == "." else _MARK.sub(mark, text)


def _localised(spell: Callable[_Args, str]) -> Callable[_Args, str]:
    @functools.wraps(spell)
    def spelled(*args: _Args.args, **values: _Args.kwargs) -> str:
        return localised(spell(*args, **values))

    return spelled


format_number = _localised(formatting.format_number)
format_energy = _localised(formatting.format_energy)
format_kwh = _localised(formatting.format_kwh)
format_power = _localised(formatting.format_power)
format_co2 = _localised(formatting.format_co2)
format_bytes = _localised(formatting.format_bytes)
format_rate = _localised(formatting.format_rate)
format_share = _localised(formatting.format_share)
format_duration = _localised(formatting.format_duration)
format_age = _localised(formatting.format_age)
format_time = _localised(formatting.format_time)


def format_day(day: date, *, year: bool = True) -> str:
    """A day in words: `5 Jun 2025`, `5. Juni 2025`."""
    return _day(date(day.year, day.month, day.day), "yMMMd" if year else "MMMd", locale())


@functools.lru_cache(maxsize=2048)
def _day(day: date, skeleton: str, code: str) -> str:
    return format_skeleton(skeleton, day, locale=code)


def format_moment(ts_ms: int, zone: str, *, seconds: bool = False) -> str:
    """Day and time [epoch ms] on the clock of `zone`, without year: `5 Jun 14:00`."""
    moment = local_time(ts_ms, zone)
    return f"{format_day(moment, year=False)} {moment:{'%H:%M:%S' if seconds else '%H:%M'}}"


def plotly_day() -> str:
    """How charts write a day and its month: `05 Jun`, `5. Juni`."""
    return _("%d %b")


def plotly_words() -> dict[str, Any]:
    """Names of days and months for the axes of charts, as part of a chart's config; nothing for English."""
    code = language()
    if code == "en":
        return {}
    days, short_days = (get_day_names(width, locale=code) for width in _WIDTHS)
    months, short_months = (list(get_month_names(width, locale=code).values()) for width in _WIDTHS)
    names = {
        "days": [days[day] for day in _FROM_SUNDAY],
        "shortDays": [short_days[day] for day in _FROM_SUNDAY],
        "months": months,
        "shortMonths": short_months,
    }
    return {"locale": code, "locales": {code: {"dictionary": {}, "format": names}}}


def ago(ts_ms: int | None, now_ms: int) -> str:
    """How long ago a moment was, as one says it: `just now`, `5 minutes ago`, `an hour ago`, `in 10 minutes`."""
    if ts_ms is None:
        return unknown()
    age_s = (now_ms - ts_ms) / MS_PER_S
    if 0 <= age_s < 45:
        return _("just now")
    size, past, future = next((step for step in _SPANS if abs(age_s) >= 0.95 * step[0]), _SPANS[-1])
    return _n(*(past if age_s >= 0 else future), max(1, round(abs(age_s) / size)))


def format_cost(cost: float | None, currency: str) -> str:
    """Money with its currency; cents below 100. What costs less than a cent is not free."""
    if cost is None:
        return unknown()
    if 0 < cost < 0.01:
        return localised(f"< 0.01 {currency}")
    return localised(f"{cost:.2f} {currency}") if abs(cost) < 100 else f"{format_count(cost)} {currency}"


def format_count(count: float) -> str:
    """A count with thin spaces between thousands."""
    return f"{count:,.0f}".replace(",", THIN)
