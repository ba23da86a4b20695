"""Electricity Maps: most of the world, every hour, consumption-based; a token, and only the last 24 hours."""

from typing import Any, Final

from aggregator.sources.carbon.answer import Answer, Asked, Row, checked, json_of, refused
from aggregator.sources.carbon.http import get
from aggregator.sources.carbon.moments import epoch_ms
from aggregator.sources.carbon.provider import Provider, token_of
from maxwatt.config import CarbonSettings
from maxwatt.domain.carbon import State
from maxwatt.domain.units import DAY_MS, MS_PER_S

URL: Final = "https://api.electricitymaps.com"
STEP_MS: Final = 3600 * MS_PER_S


def fetch(carbon: CarbonSettings, asked: Asked) -> str:
    """`/v3/carbon-intensity/history`: the last 24 hours, whatever was asked."""
    query = {"zone": asked.zone, "emissionFactorType": carbon.provider_kind or "lifecycle"}
    headers = {"auth-token": token_of(carbon)}
    return get(f"{(carbon.provider_url or URL).rstrip('/')}/v3/carbon-intensity/history", query, headers)


def parse(text: str, asked: Asked) -> Answer:
    """`{zone, history[].{zone, datetime, carbonIntensity, isEstimated}}`."""
    document, problem = json_of(text)
    if problem:
        return refused(problem)
    rows = document.get("history") if isinstance(document, dict) else None
    if not isinstance(rows, list):
        return refused("the answer has no list history")
    zones = [entry.get("zone", document.get("zone")) if isinstance(entry, dict) else asked.zone for entry in rows]
    others = [zone for zone in zones if zone != asked.zone]
    found = checked([_row(entry) for entry, zone in zip(rows, zones, strict=True) if zone == asked.zone], asked)
    if not others:
        return found
    wrong = f"{len(others)} of {len(rows)} values are of zone {others[0]!r}, not {asked.zone!r}: left out"
    return Answer(found.values, (wrong, *found.faults))


def _row(entry: Any) -> Row:
    if not isinstance(entry, dict):
        return Row(None, None, entry)
    start_ms = epoch_ms(entry.get("datetime"))
    state = State.ESTIMATED if entry.get("isEstimated") is True else State.MEASURED
    return Row(start_ms, None if start_ms is None else start_ms + STEP_MS, entry.get("carbonIntensity"), state)


PROVIDER: Final = Provider(
    "electricity_maps", ("average, lifecycle", "average, direct"), DAY_MS, fetch, parse, back_ms=DAY_MS
)
