"""The shipped table of yearly intensities and the figure from the configuration."""

from datetime import UTC, datetime

import pytest

from aggregator.sources.carbon.static import steps
from maxwatt.config import CarbonSettings, Settings
from maxwatt.domain.carbon import State
from maxwatt.domain.errors import ConfigError


def year_ms(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp() * 1000)


def settings(**carbon: object) -> Settings:
    return Settings(carbon=CarbonSettings(**carbon))  # type: ignore[arg-type]


def test_each_year_has_its_figure_and_the_first_holds_before() -> None:
    found = [(step.start_ms, step.figure.value, step.figure.vintage) for step in steps(settings(zone="DE"))]
    assert found[:2] == [(0, 371.0, "2023"), (year_ms(2024), 344.0, "2024")]
    assert {(step.figure.state, step.figure.provider) for step in steps(settings(zone="DE"))} == {
        (State.STATIC, "ember-owid")
    }


def test_the_last_known_year_holds_on_and_says_which_it_is() -> None:
    last = steps(settings(zone="UK"))[-1].figure
    assert (last.vintage, last.value, last.state) == ("2023", 238.0, "static")


def test_a_figure_of_the_site_replaces_the_table() -> None:
    (own,) = steps(settings(zone="XX", intensity_g_per_kwh=12.5))
    assert (own.figure.provider, own.figure.value, own.start_ms) == ("config", 12.5, 0)


def test_an_unknown_zone_names_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="DE, FR, UK"):
        steps(settings(zone="ZZ"))
