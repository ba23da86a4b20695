"""éCO2mix of RTE, the French grid: every 15 minutes; no token. Direct emissions of generation."""

from typing import Any, Final

from aggregator.sources.carbon.answer import Answer, Asked, Row, checked, json_of, refused
from aggregator.sources.carbon.http import get
from aggregator.sources.carbon.moments import epoch_ms, shown
from aggregator.sources.carbon.provider import Provider
from maxwatt.config import CarbonSettings
from maxwatt.domain.units import DAY_MS, MS_PER_S

URL: Final = "https://reseaux-energies-rte.opendatasoft.com"
PATH: Final = "/api/explore/v2.1/catalog/datasets/eco2mix-national-tr/records"
STEP_MS: Final = 900 * MS_PER_S
LIMIT: Final = 100
"""Most records of one answer; a day has 96."""


def fetch(carbon: CarbonSettings, asked: Asked) -> str:
    """Records of at most a day, the newest first."""
    query = {
        "select": "taux_co2,date_heure",
        "where": f"date_heure >= '{shown(asked.start_ms)}' and date_heure < '{shown(asked.end_ms)}'",
        "order_by": "date_heure desc",
        "limit": LIMIT,
    }
    return get((carbon.provider_url or URL).rstrip("/") + PATH, query)


def parse(text: str, asked: Asked) -> Answer:
    """`results[].{taux_co2, date_heure}`."""
    document, problem = json_of(text)
    if problem:
        return refused(problem)
    rows = document.get("results") if isinstance(document, dict) else None
    if not isinstance(rows, list):
        return refused("the answer has no list results")
    return checked([_row(entry) for entry in rows], asked)


def _row(entry: Any) -> Row:
    if not isinstance(entry, dict):
        return Row(None, None, entry)
    start_ms = epoch_ms(entry.get("date_heure"))
    return Row(start_ms, None if start_ms is None else start_ms + STEP_MS, entry.get("taux_co2"))


PROVIDER: Final = Provider("rte", ("average, direct",), DAY_MS, fetch, parse)
