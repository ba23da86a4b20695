"""Which value holds when: measured, else the next best thing, and each says what it is."""

from aggregator.ledger.intensities import CARRIED_MS, Origin
from aggregator.pipeline.history import intensity_steps
from maxwatt.domain.carbon import Figure, Intensity, Quantity, State, Step

HOUR = 3_600_000
QUARTER = HOUR // 4
T0 = 1000 * HOUR
WHO = Origin("energy_charts", "DE", "average, lifecycle")
YEARLY = Figure(Quantity.INTENSITY, "ember-owid", "DE", "average, lifecycle", "2024", State.STATIC, 0, 344.0)
STATIC = [Step(0, YEARLY)]


def value(hours: float, g_per_kwh: float, state: State = State.MEASURED, length_ms: int = HOUR) -> Intensity:
    start_ms = T0 + round(hours * HOUR)
    return Intensity(start_ms, start_ms + length_ms, g_per_kwh, state)


def steps(*values: Intensity, start: float = 0, end: float = 10) -> list[tuple[float, float, State, float]]:
    """Start [h], value, state and the time that the figure is of [h]."""
    span = T0 + round(start * HOUR), T0 + round(end * HOUR)
    ordered = sorted(values, key=lambda each: each.start_ms)
    return [
        ((step.start_ms - T0) / HOUR, figure.value, figure.state, max((figure.valid_from_ms - T0) / HOUR, -99))
        for step in intensity_steps(ordered, WHO, "", STATIC, *span)
        if (figure := step.figure) is not None
    ]


def test_measured_values_hold_for_their_stretch() -> None:
    assert steps(value(0, 400.0), value(1, 300.0), end=2) == [(0, 400.0, "measured", 0), (1, 300.0, "measured", 1)]


def test_without_any_value_the_static_figure_serves() -> None:
    assert steps() == [(0, 344.0, "static", -99)]


def test_a_provider_that_is_down_leaves_its_last_value_for_two_hours_then_the_static_one() -> None:
    assert CARRIED_MS == 2 * HOUR
    assert steps(value(0, 400.0)) == [
        (0, 400.0, "measured", 0),
        (1, 400.0, "fallback", 0),
        (3, 344.0, "static", -99),
    ]


def test_a_gap_is_bridged_from_before_never_from_after() -> None:
    found = steps(value(0, 400.0), value(1.5, 300.0), end=2.5)
    assert found == [(0, 400.0, "measured", 0), (1, 400.0, "fallback", 0), (1.5, 300.0, "measured", 1.5)]


def test_a_forecast_serves_where_nothing_is_measured_and_is_never_carried_on() -> None:
    forecast = [value(hour, 200.0 + hour, State.FORECAST) for hour in range(3)]
    assert steps(value(0, 400.0), *forecast, end=6) == [
        (0, 400.0, "measured", 0),
        (1, 201.0, "forecast", 1),
        (2, 202.0, "forecast", 2),
        (3, 344.0, "static", -99),
    ]


def test_estimates_give_way_to_what_is_measured() -> None:
    estimated = [value(0, 380.0, State.ESTIMATED), value(1, 390.0, State.ESTIMATED)]
    assert steps(*estimated, value(0, 400.0), end=2) == [(0, 400.0, "measured", 0), (1, 390.0, "estimated", 1)]


def test_a_time_seen_through_any_window_is_the_same() -> None:
    values = [value(0, 400.0), value(3.5, 300.0, length_ms=QUARTER), value(4, 1.0, State.FORECAST)]
    whole = intensity_steps(values, WHO, "", STATIC, T0, T0 + 10 * HOUR)
    for start in range(0, 40, 3):
        begin = T0 + start * QUARTER
        part = intensity_steps(values, WHO, "", STATIC, begin, T0 + 10 * HOUR)
        expected = [step for step in whole if step.start_ms <= begin][-1]
        assert part[0].figure == expected.figure
        assert part[1:] == [step for step in whole if step.start_ms > begin]


def test_a_new_year_of_the_static_table_is_a_step() -> None:
    later = Step(T0 + 5 * HOUR, YEARLY)
    newer = [STATIC[0], Step(later.start_ms, Figure(*[getattr(YEARLY, n) for n in YEARLY.__slots__][:-1], 300.0))]
    found = intensity_steps([], WHO, "", newer, T0, T0 + 10 * HOUR)
    assert [(step.start_ms - T0) // HOUR for step in found] == [0, 5]
