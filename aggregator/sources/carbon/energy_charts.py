"""Energy-Charts of Fraunhofer ISE: most of Europe, every 15 minutes, with a forecast; no token.

Its API does not say whether emissions before the power plant are in its figures, so neither does the kind.
"""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import mode
from typing import Any, Final

from aggregator.sources.carbon.answer import Answer, Asked, Row, checked, json_of, refused
from aggregator.sources.carbon.http import get
from aggregator.sources.carbon.provider import Provider
from maxwatt.config import CarbonSettings
from maxwatt.domain.carbon import State
from maxwatt.domain.units import DAY_MS, MS_PER_S

URL: Final = "https://api.energy-charts.info"


def fetch(carbon: CarbonSettings, asked: Asked) -> str:
    """`/co2eq` of whole days."""
    query = {"country": asked.zone.lower(), "start": _day(asked.start_ms), "end": _day(asked.end_ms - 1)}
    return get(f"{(carbon.provider_url or URL).rstrip('/')}/co2eq", query)


def _day(ms: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)).date().isoformat()


def parse(text: str, asked: Asked) -> Answer:
    """`{unix_seconds[], co2eq[], co2eq_forecast[]}`; where both are given, the measured value is used first."""
    document, problem = json_of(text)
    if problem:
        return refused(problem)
    fields = document if isinstance(document, dict) else {}
    times, measured, forecast = (fields.get(name) for name in ("unix_seconds", "co2eq", "co2eq_forecast"))
    if not isinstance(times, list) or not isinstance(measured, list):
        return refused("the answer has no lists unix_seconds and co2eq")
    forecast = forecast if isinstance(forecast, list) else [None] * len(times)
    if not len(times) == len(measured) == len(forecast):
        return refused(f"{len(times)} times, {len(measured)} values and {len(forecast)} forecasts: nothing fits")
    starts = [_ms(second) for second in times]
    step_ms = _step_ms(starts)
    return checked(
        [
            Row(start, None if start is None else start + step_ms, value, state)
            for values, state in ((measured, State.MEASURED), (forecast, State.FORECAST))
            for start, value in zip(starts, values, strict=True)
        ],
        asked,
    )


def _ms(second: Any) -> int | None:
    whole = isinstance(second, int) and not isinstance(second, bool) and 0 <= second < 1 << 33
    return second * MS_PER_S if whole else None


def _step_ms(starts: list[int | None]) -> int:
    """The usual time between two values: 15 minutes, or an hour where a country has no more."""
    known = sorted({start for start in starts if start is not None})
    return mode([later - earlier for earlier, later in pairwise(known)] or [900 * MS_PER_S])


PROVIDER: Final = Provider("energy_charts", ("average",), 7 * DAY_MS, fetch, parse, ahead_ms=DAY_MS)
