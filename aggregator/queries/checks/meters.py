"""Are the nodes read, are their meters consistent, and how much is modelled?"""

from collections.abc import Iterator, Mapping, Set
from typing import Final

from sqlalchemy import func, select

from aggregator.ledger.tables import idle_powers, measured, nodes, rollups
from aggregator.queries.booked_time import booked_seconds
from aggregator.queries.checks.finding import Finding, Level, Question, named
from maxwatt.domain.energy import EVIDENCE_COLUMNS, Account
from maxwatt.domain.formatting import format_energy, format_share
from maxwatt.domain.periods import Period
from maxwatt.domain.rollups import Dimension
from maxwatt.domain.units import DAY_MS

AREA: Final = "meters"
COVERED: Final = 0.95
"""Nodes with less of their time between samples are told."""
MODELLED: Final = 0.2
"""A larger part of the energy than this that is modelled is told."""


def checks(asked: Question) -> Iterator[Finding]:
    """Findings about nodes and their meters."""
    covered_s = _covered(asked)
    yield from _coverage(asked, covered_s)
    yield from _silent(asked, covered_s.keys())
    yield from _overshoot(asked)
    yield from _modelled(asked)
    yield from _uncalibrated(asked)
    yield from _unknown_models(asked, covered_s.keys())


def _covered(asked: Question) -> dict[str, float]:
    """Seconds between samples of the last day, of each node with a meter row: older holes cannot be mended."""
    covered = select(measured.c.node, func.sum(measured.c.covered_s)).group_by(measured.c.node)
    return {row[0]: row[1] for row in asked.rows(covered.where(measured.c.bucket_ms >= asked.now_ms - DAY_MS))}


def _coverage(asked: Question, covered_s: Mapping[str, float]) -> Iterator[Finding]:
    whole_s = sum(booked_seconds(asked.connection, asked.now_ms - DAY_MS, asked.now_ms).values())
    if not covered_s or not whole_s:
        return
    shares = {node: node_s / whole_s for node, node_s in covered_s.items()}
    low = sorted((share, node) for node, share in shares.items() if share < COVERED)
    mean = format_share(sum(shares.values()) / len(shares))
    if low:
        sentence = (
            f"On {len(low)} of {len(shares)} nodes samples cover less than {format_share(COVERED)} of the last day."
        )
        places = named(low, lambda pair: f"{pair[1]} {format_share(pair[0])}")
        yield Finding(
            Level.WARNING, AREA, sentence, "See whether the agent runs there and can reach the server.", places
        )
    else:
        yield Finding(Level.OK, AREA, f"{len(shares)} nodes report; samples cover {mean} of their last day.")


def _silent(asked: Question, seen: Set[str]) -> Iterator[Finding]:
    """Nodes that Slurm knows and of which no sample came in the last day."""
    missing = sorted(row.node for row in asked.rows(select(nodes.c.node)) if row.node not in seen)
    if missing:
        sentence = f"Nodes of Slurm that sent nothing for a day: {len(missing)}. Their energy is missing, not zero."
        yield Finding(Level.WARNING, AREA, sentence, "Install the agent there (docs/agent.md).", named(missing))


def _overshoot(asked: Question) -> Iterator[Finding]:
    part, lost = rollups.c, func.sum(rollups.c.rest_static_j)
    rows = asked.rows(
        select(part.name, lost.label("energy_j"))
        .where(part.period == int(Period.DAY), part.start_ms >= asked.since_ms, part.dimension == int(Dimension.NODE))
        .where(part.account == int(Account.UNATTRIBUTED))
        .group_by(part.name)
        .having(lost < 0)
        .order_by(lost)
    )
    if rows:
        size = format_energy(-sum(row.energy_j for row in rows))
        sentence = f"The parts say {size} more than the whole-node meter; nodes: {len(rows)}."
        mend = "Check `meter_includes_gpus` of the node model, and the meter itself."
        places = named(rows, lambda row: f"{row.name} {format_energy(-row.energy_j)}")
        yield Finding(Level.WARNING, AREA, sentence, mend, places)


def _modelled(asked: Question) -> Iterator[Finding]:
    part = rollups.c
    whole = part.period == int(Period.DAY), part.dimension == int(Dimension.CLUSTER), part.start_ms >= asked.since_ms
    sums = asked.rows(select(*(func.sum(part[name]).label(name) for name in EVIDENCE_COLUMNS)).where(*whole))[0]
    total_j = sum(abs(value or 0.0) for value in sums)
    if not total_j:
        return
    share = abs(sums.modelled_j or 0.0) / total_j
    if share > MODELLED:
        sentence = f"{format_share(share)} of the energy is modelled, not measured."
        mend = "Let agents read RAPL (docs/agent.md), and a whole-node meter where there is one."
        yield Finding(Level.WARNING, AREA, sentence, mend)
    else:
        yield Finding(Level.OK, AREA, f"{format_share(1 - share)} of {format_energy(total_j)} was measured.")


def _uncalibrated(asked: Question) -> Iterator[Finding]:
    newest = asked.rows(select(func.max(idle_powers.c.day_ms)))[0][0]
    if newest is None:
        return
    today = (idle_powers.c.day_ms == newest) & (idle_powers.c.component == "cpu")
    origins = select(idle_powers.c.origin, func.count()).where(today).group_by(idle_powers.c.origin)
    counts = {row[0]: row[1] for row in asked.rows(origins)}
    none = select(idle_powers.c.node).where(today, idle_powers.c.origin == "none").order_by(idle_powers.c.node)
    unknown = [row.node for row in asked.rows(none)] if "none" in counts else []
    if unknown:
        sentence = f"Nodes whose idle power is not known: {len(unknown)}. What is wasted there is unknown."
        mend = "It is found from 30 job-free intervals of a week; or give `cpu_idle_w` in a node model."
        yield Finding(Level.WARNING, AREA, sentence, mend, named(unknown))
    if counts:
        calibrated, every = counts.get("calibrated", 0), sum(counts.values())
        yield Finding(Level.OK, AREA, f"Idle power is calibrated on {calibrated} of {every} nodes.")


def _unknown_models(asked: Question, seen: Set[str]) -> Iterator[Finding]:
    without = sorted(seen - {node for model in asked.settings.node_models for node in model.nodes})
    if without:
        sentence = f"Nodes without a node model: {len(without)}. What is not metered there is unknown."
        yield Finding(Level.WARNING, AREA, sentence, "List them in a `[[node_models]]` entry.", named(without))
