"""ENTSO-E's transparency platform: generation by type of most of Europe, every 15 to 60 minutes; a free token.

It tells no intensity: `I = Σ generation·factor / Σ generation` over the types that have a factor in the shipped table
(life cycle medians of IPCC AR5, WG III, table A.III.2). Storage is not generation. Types without a factor (oil, peat,
waste, other) are left out, as if they had the mean of the others, while they are a tenth at most; beyond that the whole
value is left out. What neighbours deliver is not in it.

The platform's own XML is read: a library for it would bring pandas along.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Final
from xml.etree import ElementTree

from aggregator.sources.carbon.answer import Answer, Asked, Row, checked, excerpt, refused
from aggregator.sources.carbon.http import get
from aggregator.sources.carbon.moments import epoch_ms, shown
from aggregator.sources.carbon.provider import Provider, token_of
from maxwatt.config import CarbonSettings
from maxwatt.domain.units import DAY_MS, MS_PER_S

URL: Final = "https://web-api.tp.entsoe.eu"
SLOT_MS: Final = 900 * MS_PER_S
MAX_UNKNOWN: Final = 0.1
"""Largest share of the generation that may be of types without a factor."""

MAX_SLOTS: Final = 100_000
"""More slots than this in one answer are no days."""

STORAGE: Final = frozenset({"B10", "B25"})

AREAS: Final = {
    "AT": "10YAT-APG------L",
    "BE": "10YBE----------2",
    "CH": "10YCH-SWISSGRIDZ",
    "CZ": "10YCZ-CEPS-----N",
    "DE": "10Y1001A1001A83F",
    "DE_LU": "10Y1001A1001A82H",
    "ES": "10YES-REE------0",
    "FR": "10YFR-RTE------C",
    "NL": "10YNL----------L",
    "PL": "10YPL-AREA-----S",
    "PT": "10YPT-REN------W",
}
"""EIC codes of some areas; any other one can be given as it is."""

_RESOLUTIONS: Final = {"PT15M": 1, "PT30M": 2, "PT60M": 4, "PT1H": 4}

Mix = dict[int, dict[str, float]]
"""Start of a slot [epoch ms] to power [MW] by type of generation."""


def fetch(carbon: CarbonSettings, asked: Asked) -> str:
    """Actual generation per type (A75, realised)."""
    query = {
        "securityToken": token_of(carbon),
        "documentType": "A75",
        "processType": "A16",
        "in_Domain": area(asked.zone),
        "periodStart": _period(asked.start_ms),
        "periodEnd": _period(asked.end_ms),
    }
    return get((carbon.provider_url or URL).rstrip("/") + "/api", query)


def area(zone: str) -> str:
    """EIC code of a zone."""
    return AREAS.get(zone, zone)


def _period(ms: int) -> str:
    return "".join(sign for sign in shown(ms) if sign.isdigit())


def parse(text: str, asked: Asked) -> Answer:
    """`GL_MarketDocument` with a `TimeSeries` per type and period, or an acknowledgement that says why not."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        return refused("the answer is XML with definitions of its own: left unread")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314  without definitions nothing can expand
    except ElementTree.ParseError:
        return refused(f"the answer is no XML but {excerpt(text)}")
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    if root.tag != "GL_MarketDocument":
        reason = " ".join((root.findtext(".//Reason/text") or "").split())
        return refused(f"the answer is a {root.tag}: {reason[:200] or 'no reason told'}")
    return _answer(root, asked)


def _answer(root: ElementTree.Element, asked: Asked) -> Answer:
    mix: Mix = defaultdict(dict)
    faults, wanted = [], area(asked.zone)
    for series in root.iter("TimeSeries"):
        if series.find("outBiddingZone_Domain.mRID") is not None:
            continue  # what storage takes in
        zone = series.findtext("inBiddingZone_Domain.mRID", "")
        if zone != wanted:
            faults.append(f"a series is of area {zone!r}, not {wanted!r}: left out")
            continue
        faults += _add(series, mix)
    found = checked(_rows(mix), asked)
    known = {row.start_ms for row in found.values}
    left_out = sum(1 for start_ms, powers in mix.items() if start_ms not in known and _intensity(powers) is None)
    if left_out:
        faults.append(f"{left_out} of {len(mix)} quarter hours have too little generation of known types: left out")
    return Answer(found.values, (*dict.fromkeys(faults), *found.faults))


def _add(series: ElementTree.Element, mix: Mix) -> Iterator[str]:
    """Put one type's powers into the mix; yields a sentence for each period that cannot be read."""
    kind = series.findtext("MktPSRType/psrType", "")
    filled = series.findtext("curveType") == "A03"  # a value that does not change is not told again
    for period in series.iter("Period"):
        start_ms = epoch_ms(period.findtext("timeInterval/start"))
        end_ms = epoch_ms(period.findtext("timeInterval/end"))
        width = _RESOLUTIONS.get(period.findtext("resolution", ""))
        if start_ms is None or end_ms is None or width is None or not 0 < (end_ms - start_ms) // SLOT_MS <= MAX_SLOTS:
            yield f"a period of {kind or 'no type'} has no time or another resolution than 15 to 60 minutes: left out"
            continue
        powers, bad = _powers(period)
        if bad:
            yield f"{bad} values of {kind or 'no type'} are no number or below 0: left out"
        last = None
        for position in range((end_ms - start_ms) // (width * SLOT_MS)):
            last = powers.get(position + 1, last if filled else None)
            for slot in range(width) if last is not None else ():
                mix[start_ms + (position * width + slot) * SLOT_MS][kind] = last  # type: ignore[assignment]  # not None


def _powers(period: ElementTree.Element) -> tuple[dict[int, float], int]:
    """Power [MW] by position, and how many points cannot be."""
    found, bad = {}, 0
    for point in period.iter("Point"):
        try:
            position, power = int(point.findtext("position", "")), float(point.findtext("quantity", ""))
        except ValueError:
            bad += 1
            continue
        if 0 <= power < float("inf"):
            found[position] = power
        else:
            bad += 1
    return found, bad


def _rows(mix: Mix) -> list[Row]:
    """Slots in which every type is told that is told at all; the newest often lack some for a while."""
    everything = {kind for powers in mix.values() for kind in powers}
    complete = [start_ms for start_ms in sorted(mix) if mix[start_ms].keys() == everything]
    return [Row(start_ms, start_ms + SLOT_MS, _intensity(mix[start_ms])) for start_ms in complete]


def _intensity(powers: dict[str, float]) -> float | None:
    """`Σ P·f / Σ P` [g/kWh], None where too much is of types without a factor."""
    factors = generation_factors()
    generated = {kind: power for kind, power in powers.items() if kind not in STORAGE}
    total = sum(generated.values())
    known = sum(power for kind, power in generated.items() if kind in factors)
    if total <= 0 or known < (1 - MAX_UNKNOWN) * total:
        return None
    return sum(power * factors[kind] for kind, power in generated.items() if kind in factors) / known


@cache
def generation_factors() -> dict[str, float]:
    """Life cycle CO2 equivalent [g/kWh] by the platform's type of generation."""
    text = resources.files(__package__).joinpath("generation.csv").read_text(encoding="utf-8")
    return {row["type"]: float(row["g_per_kwh"]) for row in csv.DictReader(text.splitlines())}


PROVIDER: Final = Provider("entsoe", ("average, lifecycle",), 7 * DAY_MS, fetch, parse, vintage="IPCC AR5")
