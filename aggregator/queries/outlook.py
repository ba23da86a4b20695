"""The grid's carbon intensity now, over the last day, and as far ahead as the provider forecasts it."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from sqlalchemy import Connection

from aggregator.ledger import intensities
from aggregator.pipeline.history import REACH_MS, intensity_steps
from aggregator.pipeline.series import origin_of
from aggregator.queries.cluster_models import IntensityHour, Outlook
from aggregator.sources.carbon import static
from aggregator.sources.carbon.registry import provider_of
from maxwatt.config import Settings
from maxwatt.domain.carbon import State, Step
from maxwatt.domain.periods import HOUR_MS
from maxwatt.domain.units import DAY_MS

AHEAD_MS: Final = 36 * HOUR_MS
"""How far ahead is looked [ms]: to the evening of the next day, as far as providers forecast."""

CLEANEST: Final = 0.25
"""So large a part of the hours ahead is called the cleanest."""

LEAST_HOURS: Final = 6
"""Of fewer hours none is called so."""

_WEAKEST_FIRST: Final = (State.STATIC, State.FALLBACK, State.FORECAST, State.ESTIMATED, State.MEASURED)
_TOLD: Final = frozenset({State.FORECAST, State.ESTIMATED, State.MEASURED})


def outlook(connection: Connection, settings: Settings, now_ms: int) -> Outlook:
    """The intensity around a time [epoch ms UTC]; without a provider the static figure, and no hours.

    Raises:
        ConfigError: the provider or the zone of the configuration is none.
    """
    provider, fixed = provider_of(settings), static.steps(settings)
    if provider is None:
        now = _at(fixed, now_ms)
        return Outlook(now, "" if now is None else _origin(fixed, now_ms))
    start_ms, end_ms = now_ms - now_ms % HOUR_MS - DAY_MS, now_ms - now_ms % HOUR_MS + AHEAD_MS
    origin = origin_of(provider, settings.carbon)
    values = intensities.load(connection, origin, start_ms - REACH_MS, end_ms)
    steps = intensity_steps(values, origin, provider.vintage, fixed, start_ms, end_ms)
    hours = [hour for each in range(start_ms, end_ms, HOUR_MS) if (hour := _hour(steps, each, now_ms)) is not None]
    return Outlook(_at(steps, now_ms), _origin(steps, now_ms), cleanest_marked(hours, now_ms))


def cleanest_marked(hours: Sequence[IntensityHour], now_ms: int) -> tuple[IntensityHour, ...]:
    """The hours, those of the hours ahead marked that are in the lowest quarter; none where all are alike or few."""
    ahead = [hour for hour in hours if hour.end_ms > now_ms]
    values = sorted(hour.g_per_kwh for hour in ahead)
    if len(ahead) < LEAST_HOURS or values[0] == values[-1]:
        return tuple(hours)
    limit = values[max(int(len(values) * CLEANEST) - 1, 0)]
    return tuple(
        replace(hour, cleanest=True) if hour.end_ms > now_ms and hour.g_per_kwh <= limit else hour for hour in hours
    )


def _hour(steps: Sequence[Step], start_ms: int, now_ms: int) -> IntensityHour | None:
    """Mean over an hour; None where a part of it is not known, and of the future what nobody forecasts."""
    end_ms = start_ms + HOUR_MS
    edges = [start_ms, *(step.start_ms for step in steps if start_ms < step.start_ms < end_ms), end_ms]
    parts = [_at(steps, edge) for edge in edges[:-1]]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    state = min((State(part.state) for part in known), key=_WEAKEST_FIRST.index)
    if end_ms > now_ms + HOUR_MS and state not in _TOLD:
        return None
    lengths = [high - low for low, high in pairwise(edges)]
    mean = sum(part.g_per_kwh * length for part, length in zip(known, lengths, strict=True)) / HOUR_MS
    return IntensityHour(start_ms, end_ms, mean, state)


def _at(steps: Sequence[Step], ts_ms: int) -> IntensityHour | None:
    """The step that holds a moment [epoch ms UTC]; it ends with the hour at the latest."""
    holding = [step for step in steps if step.start_ms <= ts_ms]
    if not holding or holding[-1].figure is None:
        return None
    end_ms = min((step.start_ms for step in steps if step.start_ms > ts_ms), default=ts_ms + HOUR_MS)
    figure = holding[-1].figure
    return IntensityHour(ts_ms, end_ms, figure.value, figure.state)


def _origin(steps: Sequence[Step], ts_ms: int) -> str:
    """Who says what holds at a moment: `energy_charts DE`, `ember-owid DE 2024`."""
    figure = next((step.figure for step in reversed(steps) if step.start_ms <= ts_ms), None)
    return "" if figure is None else " ".join(filter(None, (figure.provider, figure.zone, figure.vintage)))
