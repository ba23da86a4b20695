"""Up to when everything is known: no window closes before all that can still change it has come in."""

from collections.abc import Mapping, Sequence
from typing import Final

from aggregator.ledger.facts import SourceState
from maxwatt.domain.units import MS_PER_S

SILENT_MS: Final = 600 * MS_PER_S
"""A node that has been silent for longer [ms] is not waited for; what it sends later is booked later."""

SILENT_INTERVALS: Final = 10
"""Or for this many of its intervals, whichever is longer."""


def silence_limit_ms(interval_s: float) -> int:
    """How long [ms] a node may be silent before the others stop waiting for it."""
    return max(SILENT_MS, int(SILENT_INTERVALS * interval_s * MS_PER_S))


def samples_complete_ms(newest_ms: Mapping[str, int], now_ms: int, started_ms: int, limit_ms: int) -> int | None:
    """Up to when the samples of all nodes that still report are in; None while no node reports.

    Args:
        newest_ms: node to its newest sample [epoch ms UTC].
        started_ms: when the server started [epoch ms UTC]: agents need time to send what they kept meanwhile.
        limit_ms: silence after which a node is not waited for [ms].
    """
    reporting = [newest for newest in newest_ms.values() if now_ms - max(newest, started_ms) <= limit_ms]
    return min(reporting, default=None)


def horizon_ms(samples_ms: int | None, sources: Mapping[str, SourceState], needed: Sequence[str], now_ms: int) -> int:
    """The moment [epoch ms UTC] up to which samples and all needed sources are complete; 0 while one never answered."""
    successes = [state.success_ms if (state := sources.get(name)) else None for name in needed]
    return min([now_ms if samples_ms is None else samples_ms, *(success or 0 for success in successes)])
