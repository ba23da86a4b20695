"""From what a provider said to the grid's intensity of every moment: measured where it is, else what is next best."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Final

from aggregator.ledger.intensities import CARRIED_MS, LONGEST_MS, Origin
from maxwatt.domain.carbon import Figure, Intensity, Quantity, State, Step

REACH_MS: Final = CARRIED_MS + LONGEST_MS
"""How far [ms] before a time the values begin that can matter in it."""

_TOLD: Final = (State.MEASURED, State.ESTIMATED, State.FORECAST)
_CARRIED: Final = (State.MEASURED, State.ESTIMATED)


def intensity_steps(
    values: Sequence[Intensity], origin: Origin, vintage: str, static: Sequence[Step], start_ms: int, end_ms: int
) -> list[Step]:
    """Steps that cover a time without gap.

    Best first: measured, estimated, forecast; then the last measured or estimated value, for CARRIED_MS at most
    (`fallback`); then the static figure.

    Args:
        values: of this time and REACH_MS before, by their start.
        origin, vintage: whose values they are.
        static: steps that always hold a figure.
        start_ms, end_ms: epoch ms UTC.
    """
    by_state = {state: [each for each in values if each.state is state] for state in _TOLD}
    starts = {state: [each.start_ms for each in told] for state, told in by_state.items()}
    static_starts = [step.start_ms for step in static]

    def last(state: State, moment: int) -> Intensity | None:
        place = bisect_right(starts[state], moment) - 1
        return by_state[state][place] if place >= 0 else None

    def figure_at(moment: int) -> Figure | None:
        for state in _TOLD:
            found = last(state, moment)
            if found is not None and moment < found.end_ms:
                return _figure(found, state, origin, vintage)
        ended = [found for state in _CARRIED if (found := last(state, moment)) is not None]
        newest = max(ended, key=lambda each: each.end_ms, default=None)
        if newest is not None and moment < newest.end_ms + CARRIED_MS:
            return _figure(newest, State.FALLBACK, origin, vintage)
        return static[max(bisect_right(static_starts, moment) - 1, 0)].figure

    return _steps(_moments(values, static_starts, start_ms, end_ms), figure_at)


def _moments(values: Sequence[Intensity], static_starts: Sequence[int], start_ms: int, end_ms: int) -> list[int]:
    """Whenever the intensity may change in the time [epoch ms UTC]."""
    told = {moment for each in values for moment in (each.start_ms, each.end_ms, each.end_ms + CARRIED_MS)}
    return sorted({start_ms, *(moment for moment in {*told, *static_starts} if start_ms < moment < end_ms)})


def _steps(moments: Sequence[int], figure_at: Callable[[int], Figure | None]) -> list[Step]:
    """Only where something changes."""
    found: list[Step] = []
    for moment in moments:
        figure = figure_at(moment)
        if not found or found[-1].figure != figure:
            found.append(Step(moment, figure))
    return found


def _figure(value: Intensity, state: State, origin: Origin, vintage: str) -> Figure:
    names = (origin.provider, origin.zone, origin.kind, vintage)
    return Figure(Quantity.INTENSITY, *names, state, value.start_ms, value.g_per_kwh)
