"""The shipped table of yearly intensities and the figure from the configuration."""

from datetime import UTC, datetime

import pytest

from aggregator.sources.carbon.static import factors
from maxwatt.config import CarbonSettings, Settings
from maxwatt.domain.errors import ConfigError


def year_ms(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp() * 1000)


def settings(**carbon: object) -> Settings:
    return Settings(carbon=CarbonSettings(**carbon))  # type: ignore[arg-type]


def test_each_year_has_its_figure_and_the_first_holds_before() -> None:
    found = factors(settings(zone="DE", pue=1.2))
    assert [(f.valid_from_ms, f.intensity_g_per_kwh, f.vintage) for f in found] == [
        (0, 371.0, "2023"),
        (year_ms(2024), 344.0, "2024"),
    ]
    assert {(f.state, f.pue, f.provider) for f in found} == {("static", 1.2, "ember-owid")}


def test_the_last_known_year_holds_on_and_says_which_it_is() -> None:
    (last,) = factors(settings(zone="UK"))
    assert (last.vintage, last.intensity_g_per_kwh, last.state) == ("2023", 238.0, "static")


def test_a_figure_of_the_site_replaces_the_table() -> None:
    (own,) = factors(settings(zone="XX", intensity_g_per_kwh=12.5))
    assert (own.provider, own.intensity_g_per_kwh, own.valid_from_ms) == ("config", 12.5, 0)


def test_an_unknown_zone_names_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="DE, FR, UK"):
        factors(settings(zone="ZZ"))


def test_a_kwh_at_the_node_weighs_intensity_times_pue() -> None:
    (own,) = factors(settings(intensity_g_per_kwh=100.0, pue=1.5))
    assert own.g_per_j * 3.6e6 == pytest.approx(150.0, rel=1e-15)
