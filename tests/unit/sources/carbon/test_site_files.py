"""The site's own PUE, tariff and contract: constants and files by time."""

from pathlib import Path

import pytest

from aggregator.sources.carbon.site import parse, site_steps
from maxwatt.config import CarbonSettings, ClusterSettings, CostSettings, Settings
from maxwatt.domain.errors import ConfigError

YEAR_2026 = 1_767_225_600_000
HOUR = 3_600_000


def read(text: str, zone: str = "UTC") -> tuple[list[tuple[int, float]], list[str]]:
    return parse(text, "pue.csv", "pue", zone, (1.0, 3.0))


def test_rows_hold_from_their_time_on_in_any_order() -> None:
    found, faults = read("time,pue\n2026-01-01T02:00:00+01:00,1.3\n2026-01-01T00:00Z,1.2\n")
    assert found == [(YEAR_2026, 1.2), (YEAR_2026 + HOUR, 1.3)]
    assert faults == []


def test_a_day_begins_in_the_zone_of_the_site() -> None:
    assert read("time,pue\n2026-01-01,1.2\n", "Europe/Berlin")[0] == [(YEAR_2026 - HOUR, 1.2)]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("2026-01-01T00:00:00,1.2", "no time with an offset"),
        ("yesterday,1.2", "no time"),
        ("2026-01-01,abc", "'abc' cannot be"),
        ("2026-01-01,nan", "cannot be"),
        ("2026-01-01,0.7", "cannot be"),
        ("2026-01-01,", "cannot be"),
        ("2026-01-01", "cannot be"),
    ],
)
def test_a_row_that_cannot_be_is_left_out_with_its_line(row: str, said: str) -> None:
    found, faults = read(f"time,pue\n{row}\n2026-01-02,1.5\n")
    assert [value for _, value in found] == [1.5]
    assert len(faults) == 1
    assert "pue.csv, line 2" in faults[0]
    assert said in faults[0]


def test_a_time_that_comes_twice_keeps_its_first_value_and_says_so() -> None:
    found, faults = read("time,pue\n2026-01-01,1.2\n2026-01-01T00:00Z,1.4\n")
    assert (found, len(faults)) == ([(YEAR_2026, 1.2)], 1)


def test_a_file_without_its_columns_is_a_config_error() -> None:
    with pytest.raises(ConfigError, match="time and pue"):
        read("when;pue\n")


def test_a_missing_file_is_a_config_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.csv"):
        site_steps(Settings(carbon=CarbonSettings(pue_csv=str(tmp_path / "none.csv"))))


def test_a_file_follows_the_constant(tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_text("time,price_per_kwh\n2026-01-01,0.31\n")
    cost = CostSettings(price_per_kwh=0.25, prices_csv=str(tmp_path / "prices.csv"))
    found = site_steps(Settings(cost=cost)).price
    assert [(each.start_ms, each.figure.value, each.figure.provider) for each in found if each.figure] == [
        (0, 0.25, "config"),
        (YEAR_2026, 0.31, "csv"),
    ]
    assert {each.figure.kind for each in found if each.figure} == {"EUR"}


def test_a_contract_holds_from_its_day_and_no_tariff_is_none() -> None:
    carbon = CarbonSettings(market_g_per_kwh=0.0, market_from="2026-01-01")
    site = site_steps(Settings(ClusterSettings(timezone="Europe/Berlin"), carbon=carbon))
    assert [(each.start_ms, each.figure and each.figure.value) for each in site.market] == [(YEAR_2026 - HOUR, 0.0)]
    assert site.price == []
