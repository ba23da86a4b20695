"""The grid's intensity around now: hours, and which of them are the cleanest."""

from dataclasses import replace

import pytest
from ledger_book import SETTINGS, T0, Book

from aggregator.ledger import intensities
from aggregator.pipeline.series import origin_of
from aggregator.queries.cluster_models import IntensityHour
from aggregator.queries.outlook import cleanest_marked, outlook
from aggregator.sources.carbon.registry import provider_of
from maxwatt.config import CarbonSettings
from maxwatt.domain.carbon import Intensity, State

HOUR = 3_600_000
NOW = T0 - T0 % HOUR + HOUR // 2
START = NOW - HOUR // 2


def hours(*values: float) -> list[IntensityHour]:
    return [
        IntensityHour(START + i * HOUR, START + (i + 1) * HOUR, value, "forecast") for i, value in enumerate(values)
    ]


def test_the_lowest_quarter_of_what_is_ahead_is_the_cleanest() -> None:
    found = cleanest_marked(hours(300, 200, 100, 250, 260, 270, 90, 280), NOW)
    assert [hour.g_per_kwh for hour in found if hour.cleanest] == [100, 90]


def test_the_past_is_not_marked_and_few_or_equal_hours_neither() -> None:
    past = [replace(hour, end_ms=NOW - 1) for hour in hours(*[50.0] * 8)]
    assert not any(hour.cleanest for hour in cleanest_marked(past, NOW))
    assert not any(hour.cleanest for hour in cleanest_marked(hours(1, 2, 3), NOW))
    assert not any(hour.cleanest for hour in cleanest_marked(hours(*[50.0] * 12), NOW))


def test_without_a_provider_there_is_the_static_figure_alone(book: Book) -> None:
    with book.engine.connect() as connection:
        found = outlook(connection, replace(SETTINGS, carbon=CarbonSettings(intensity_g_per_kwh=321.0)), NOW)
    assert found.now is not None
    assert (found.now.g_per_kwh, found.now.state, found.hours) == (321.0, "static", ())


def test_hours_are_means_and_end_where_nobody_forecasts(book: Book) -> None:
    carbon = CarbonSettings(provider="energy_charts", zone="DE")
    settings = replace(SETTINGS, carbon=carbon)
    provider = provider_of(settings)
    assert provider is not None
    origin = origin_of(provider, carbon)
    quarter = HOUR // 4
    values = [Intensity(START + i * quarter, START + (i + 1) * quarter, 100.0 + i, State.MEASURED) for i in range(2)]
    values += [
        Intensity(START + i * quarter, START + (i + 1) * quarter, 200.0, State.FORECAST) for i in range(2, 4 * 10)
    ]
    with book.engine.begin() as connection:
        intensities.record(connection, origin, values, NOW)
    with book.engine.connect() as connection:
        found = outlook(connection, settings, NOW)
    assert found.now is not None
    assert (found.now.g_per_kwh, found.now.state) == (200.0, "forecast")
    ahead = [hour for hour in found.hours if hour.start_ms >= START]
    assert ahead[0].g_per_kwh == pytest.approx((100 + 101 + 200 + 200) / 4)
    assert ahead[0].state == "forecast", "the weakest of the hour"
    assert len(ahead) == 10, "what nobody forecasts is not told"
    assert found.origin.startswith("energy_charts DE")
