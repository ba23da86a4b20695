"""Intensity from generation by type: by hand, with mixed resolutions, storage and what has no factor."""

from aggregator.sources.carbon.answer import Answer, Asked
from aggregator.sources.carbon.entsoe import generation_factors, parse
from maxwatt.domain.carbon import MAX_G_PER_KWH

NOON = 1_772_366_400_000  # 2026-03-01T12:00Z
QUARTER = 900_000
ASKED = Asked("DE", NOON - 6 * 3_600_000, NOON + 3_600_000, NOON + 3_600_000)


def period(points: str, resolution: str = "PT15M", end: str = "13:00") -> str:
    return (
        f"<Period><timeInterval><start>2026-03-01T12:00Z</start><end>2026-03-01T{end}Z</end></timeInterval>"
        f"<resolution>{resolution}</resolution>{points}</Period>"
    )


def points(*powers: float) -> str:
    return "".join(
        f"<Point><position>{n}</position><quantity>{power}</quantity></Point>" for n, power in enumerate(powers, 1)
    )


def generation(kind: str, content: str, curve: str = "A01", domain: str = "inBiddingZone_Domain.mRID") -> str:
    return (
        f"<TimeSeries><{domain}>10Y1001A1001A83F</{domain}><curveType>{curve}</curveType>"
        f"<MktPSRType><psrType>{kind}</psrType></MktPSRType>{content}</TimeSeries>"
    )


def read(*series: str) -> Answer:
    return parse(f"<GL_MarketDocument>{''.join(series)}</GL_MarketDocument>", ASKED)


def values(answer: Answer) -> list[tuple[int, float]]:
    return [((each.start_ms - NOON) // QUARTER, round(each.g_per_kwh, 6)) for each in answer.values]


def test_intensity_is_the_mean_weighted_by_generation() -> None:
    """(300·820 + 100·490 + 600·11) / 1000 = 301.6 g/kWh."""
    mix = [
        generation(kind, period(points(power), end="12:15"))
        for kind, power in (("B02", 300), ("B04", 100), ("B19", 600))
    ]
    assert values(read(*mix)) == [(0, 301.6)]


def test_hourly_values_hold_for_their_four_quarters() -> None:
    answer = read(generation("B14", period(points(100), "PT60M")), generation("B16", period(points(0, 100, 300, 0))))
    assert values(answer) == [(0, 12.0), (1, 30.0), (2, 39.0), (3, 12.0)]


def test_a_curve_of_blocks_repeats_its_last_value_and_others_do_not() -> None:
    some = "<Point><position>1</position><quantity>100</quantity></Point>"
    assert len(read(generation("B14", period(some), "A03")).values) == 4
    assert values(read(generation("B14", period(some), "A01"))) == [(0, 12.0)]


def test_a_quarter_in_which_a_type_is_missing_is_not_known_yet() -> None:
    answer = read(generation("B14", period(points(1, 1, 1))), generation("B05", period(points(1, 1))))
    assert values(answer) == [(0, 416.0), (1, 416.0)]
    assert answer.faults == ()


def test_storage_is_no_generation_and_neither_is_what_it_takes_in() -> None:
    series = [generation("B14", period(points(10))), generation("B10", period(points(90)))]
    taken = generation("B05", period(points(500)), domain="outBiddingZone_Domain.mRID")
    assert values(read(*series, taken)) == [(0, 12.0)]


def test_types_without_a_factor_count_as_the_mean_up_to_a_tenth() -> None:
    assert values(read(generation("B14", period(points(90))), generation("B06", period(points(10))))) == [(0, 12.0)]
    beyond = read(generation("B14", period(points(89))), generation("B06", period(points(11))))
    assert beyond.values == ()
    assert beyond.faults == ("1 of 1 quarter hours have too little generation of known types: left out",)


def test_no_generation_at_all_has_no_intensity() -> None:
    assert read(generation("B14", period(points(0)))).values == ()


def test_a_period_without_bounds_or_of_years_is_told() -> None:
    for bad in (period(points(1), "P1Y"), period(points(1), end="11:00"), "<Period/>"):
        answer = read(generation("B14", bad))
        assert answer.values == ()
        assert "a period of B14 has no time" in answer.faults[0]


def test_every_factor_has_its_source_and_can_be() -> None:
    assert generation_factors()["B14"] == 12.0
    assert all(0 < factor < MAX_G_PER_KWH for factor in generation_factors().values())
