"""Energy and CO2 as things people know."""

import pytest

from aggregator.queries.equivalents import equivalents, two_digits


def test_each_is_computed_from_its_own_figure_and_names_its_source() -> None:
    found = {one.key: one for one in equivalents(8.756 * 3 * 3.6e6, 24_860.0)}
    assert found["car_km"].count == 100.0  # 24.86 kg / 0.2486 kg
    assert found["household_day"].count == 3.0
    assert found["phone_charge"].count == 1400.0  # 26.268 kWh / 0.019 kWh = 1382.5
    for one in found.values():
        assert one.url.startswith("https://")
        assert one.source
        assert 2000 < one.year < 2100
        assert one.per_one > 0


def test_unknown_is_left_out_and_nothing_is_no_thing() -> None:
    assert {one.of for one in equivalents(3.6e6, None)} == {"energy_kwh"}
    assert equivalents(None, None) == ()
    assert equivalents(0.0, -1.0) == ()


@pytest.mark.parametrize(("value", "shown"), [(1382.5, 1400.0), (0.01234, 0.012), (99.6, 100.0), (7.0, 7.0)])
def test_no_more_digits_than_are_known(value: float, shown: float) -> None:
    assert two_digits(value) == pytest.approx(shown)
