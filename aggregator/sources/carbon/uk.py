"""Carbon Intensity API of Great Britain: every half hour, with a forecast; no token. Direct emissions."""

from typing import Any, Final

from aggregator.sources.carbon.answer import Answer, Asked, Row, checked, json_of, refused
from aggregator.sources.carbon.http import get
from aggregator.sources.carbon.moments import epoch_ms, shown
from aggregator.sources.carbon.provider import Provider
from maxwatt.config import CarbonSettings
from maxwatt.domain.carbon import State
from maxwatt.domain.units import DAY_MS

URL: Final = "https://api.carbonintensity.org.uk"


def fetch(carbon: CarbonSettings, asked: Asked) -> str:
    """`/intensity/{from}/fw24h`: a day from a moment on."""
    return get(f"{(carbon.provider_url or URL).rstrip('/')}/intensity/{shown(asked.start_ms)}/fw24h")


def parse(text: str, asked: Asked) -> Answer:
    """`data[].{from, to, intensity: {forecast, actual, index}}`."""
    document, problem = json_of(text)
    if problem:
        return refused(problem)
    rows = document.get("data") if isinstance(document, dict) else None
    if not isinstance(rows, list):
        return refused("the answer has no list data")
    return checked([row for entry in rows for row in _rows(entry)], asked)


def _rows(entry: Any) -> list[Row]:
    fields = entry if isinstance(entry, dict) else {}
    intensity = fields.get("intensity")
    if not isinstance(intensity, dict):
        return [Row(None, None, entry)]
    times = epoch_ms(fields.get("from")), epoch_ms(fields.get("to"))
    return [
        Row(*times, intensity.get("actual"), State.MEASURED),
        Row(*times, intensity.get("forecast"), State.FORECAST),
    ]


PROVIDER: Final = Provider("uk", ("average, direct",), DAY_MS, fetch, parse, ahead_ms=DAY_MS // 2)
