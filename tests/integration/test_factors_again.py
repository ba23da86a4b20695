"""CO2 and cost computed again from the booked energy: on a real store and ledger, against booking everything anew."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pipeline_cluster import JOBS, MINUTE, NODES, SETTINGS, T0, samples
from sqlalchemy import select, update

from aggregator.ledger.intensities import Origin
from aggregator.ledger.ledger import Ledger
from aggregator.ledger.tables import bookings, factors, figures, windows
from aggregator.pipeline.attribute import attribute_range
from aggregator.pipeline.revalue import Revalued, revalue_range, revalue_waiting
from aggregator.store.duckdb import DuckDBStore
from maxwatt.cli import main
from maxwatt.config import CarbonSettings, CostSettings, Settings
from maxwatt.domain.carbon import Intensity, State
from maxwatt.domain.energy import ENERGY_COLUMNS
from maxwatt.domain.units import BUCKET_MS, J_PER_KWH

BUCKETS = 8
END = T0 + BUCKETS * BUCKET_MS
SPAN = (T0, END)
LIVE = replace(SETTINGS, carbon=CarbonSettings(provider="energy_charts", pue=1.25))
WHO = Origin("energy_charts", "DE", "average")
KEYS = ("bucket_ms", "node", "account", "job_ref")
Site = tuple[DuckDBStore, Ledger]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    store, ledger = DuckDBStore(tmp_path / "samples.duckdb"), Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    for node in NODES:
        store.write(samples(node, T0 - 60 * MINUTE, END + 60 * MINUTE))
    ledger.upsert_jobs(JOBS, END)
    yield store, ledger
    store.close()
    ledger.close()


def book(site: Site, settings: Settings) -> None:
    attribute_range(*site, settings, *SPAN, now_ms=END)


def value(site: Site, settings: Settings, span_ms: tuple[int, int] = SPAN) -> Revalued:
    return revalue_range(*site, settings, span_ms, now_ms=END)


def rows(site: Site, *columns: str) -> list[tuple[object, ...]]:
    with site[1].engine.begin() as connection:
        chosen = [bookings.c[name] for name in (*KEYS, *columns)]
        return [tuple(row) for row in connection.execute(select(*chosen).order_by(*chosen[:4]))]


def values(site: Site) -> list[tuple[object, ...]]:
    return rows(site, "co2_g", "co2_market_g", "cost", "factor_id")


def assert_alike(found: list[tuple[object, ...]], expected: list[tuple[object, ...]]) -> None:
    assert [row[:4] for row in found] == [row[:4] for row in expected]
    for mine, wanted in zip(found, expected, strict=True):
        assert mine[4:] == pytest.approx(wanted[4:], rel=1e-9, abs=1e-12), mine[:4]


def measured(site: Site, *values: tuple[float, float, float], state: State = State.MEASURED) -> None:
    """Values from and to so many buckets after T0."""
    told = [
        Intensity(T0 + round(first * BUCKET_MS), T0 + round(last * BUCKET_MS), g_per_kwh, state)
        for first, last, g_per_kwh in values
    ]
    site[1].values.record_intensities(WHO, told, END)


def factors_of(site: Site) -> dict[int, list[str]]:
    """State of the intensity that each bucket was booked with."""
    with site[1].engine.begin() as connection:
        joined = select(bookings.c.bucket_ms, figures.c.state).join(
            factors, factors.c.factor_id == bookings.c.factor_id
        )
        found = connection.execute(joined.join(figures, figures.c.figure_id == factors.c.intensity_id).distinct())
        states: dict[int, list[str]] = {}
        for bucket_ms, state in found:
            states.setdefault((bucket_ms - T0) // BUCKET_MS, []).append(state)
        return states


GRID = [(bucket, bucket + 1, 100.0 + 10 * bucket) for bucket in range(BUCKETS)]


def test_each_bucket_weighs_its_energy_times_pue_times_its_own_intensity(site: Site) -> None:
    measured(site, *GRID)
    book(site, replace(LIVE, cost=CostSettings(price_per_kwh=0.3)))
    for bucket_ms, *_, co2_g, market_g, cost, e in [
        (*row[:7], sum(row[7:]))  # type: ignore[arg-type]
        for row in rows(site, "co2_g", "co2_market_g", "cost", *ENERGY_COLUMNS)
    ]:
        intensity = 100.0 + 10 * ((bucket_ms - T0) // BUCKET_MS)  # type: ignore[operator]
        assert co2_g == pytest.approx(e * 1.25 * intensity / J_PER_KWH)
        assert cost == pytest.approx(e * 1.25 * 0.3 / J_PER_KWH)
        assert market_g is None


@pytest.mark.parametrize(
    "changes",
    [
        [(0, 8, 250.0)],
        GRID,
        [(0, 2.4, 500.0), (2.4, 3.1, 100.0), (3.1, 8, 300.0)],
        [(0.5, 0.6, 900.0), (0.6, 0.9, 10.0), (6.5, 7.25, 50.0)],
    ],
    ids=["one", "grid", "inside", "several inside"],
)
def test_valued_again_is_as_if_booked_with_the_new_factors(
    site: Site, changes: list[tuple[float, float, float]]
) -> None:
    carbon = replace(LIVE.carbon, market_g_per_kwh=30.0)
    settings = replace(LIVE, carbon=carbon, cost=CostSettings(price_per_kwh=0.3))
    book(site, SETTINGS)
    before = rows(site, *ENERGY_COLUMNS, "uncertainty", "waste_j")
    measured(site, *changes)
    assert value(site, settings).changed == len(before)
    assert rows(site, *ENERGY_COLUMNS, "uncertainty", "waste_j") == before  # the energy is not touched
    again = values(site)
    book(site, settings)
    assert_alike(again, values(site))
    assert value(site, settings) == Revalued(BUCKETS, 0)


def test_a_change_inside_a_bucket_by_hand(site: Site) -> None:
    """No job runs, idle power is even: 6 of 15 minutes at 100 g/kWh and 9 at 600 are 400 g/kWh in the mean."""
    measured(site, (0, 7.4, 100.0), (7.4, 8, 600.0))
    book(site, LIVE)
    last = [row for row in rows(site, "co2_g", *ENERGY_COLUMNS) if row[0] == END - BUCKET_MS]
    grams, joules = sum(row[4] for row in last), sum(sum(row[5:]) for row in last)  # type: ignore[misc, arg-type]
    assert grams / joules * J_PER_KWH / 1.25 == pytest.approx(400.0, rel=0.02)  # the meters swing a little


def test_where_the_samples_are_gone_a_change_inside_a_bucket_is_even_in_time(site: Site, tmp_path: Path) -> None:
    book(site, LIVE)
    measured(site, (0, 0.4, 100.0), (0.4, 8, 600.0))
    empty = DuckDBStore(tmp_path / "empty.duckdb")
    revalue_range(empty, site[1], LIVE, SPAN, now_ms=END)
    empty.close()
    for row in rows(site, "co2_g", *ENERGY_COLUMNS):
        mean = 400.0 if row[0] == T0 else 600.0
        assert row[4] == pytest.approx(sum(row[5:]) * 1.25 * mean / J_PER_KWH)  # type: ignore[arg-type]


def test_what_changes_after_closing_is_a_new_revision_and_only_there(site: Site) -> None:
    _, ledger = site
    measured(site, *GRID)
    book(site, LIVE)
    ledger.close_windows(ledger.open_windows())
    measured(site, (3, 4, 999.0))
    done = revalue_waiting(*site, LIVE, END)
    assert done.changed == len([row for row in rows(site) if row[0] == T0 + 3 * BUCKET_MS])
    revisions = ledger.revisions(*SPAN)
    assert revisions == {T0 + n * BUCKET_MS: 2 if n == 3 else 1 for n in range(BUCKETS)}
    assert {(row[0] == T0 + 3 * BUCKET_MS, row[4]) for row in rows(site, "revision")} == {(True, 2), (False, 1)}
    assert ledger.values.waiting() == []
    assert revalue_waiting(*site, LIVE, END) == Revalued()


def test_a_provider_that_comes_back_replaces_what_stood_in_for_it(site: Site) -> None:
    measured(site, (-1, 0, 410.0))
    book(site, LIVE)
    assert factors_of(site) == {n: ["fallback"] for n in range(BUCKETS)}
    measured(site, (0, 1, 111.0), (1, 2, 222.0), state=State.FORECAST)
    revalue_waiting(*site, LIVE, END)
    assert factors_of(site) == {0: ["forecast"], 1: ["forecast"]} | {n: ["fallback"] for n in range(2, BUCKETS)}
    measured(site, *GRID)
    revalue_waiting(*site, LIVE, END)
    assert factors_of(site) == {n: ["measured"] for n in range(BUCKETS)}
    measured(site, (0, 8, 1.0), state=State.FORECAST)  # a late forecast of what is measured says nothing new
    assert revalue_waiting(*site, LIVE, END).changed == 0


def test_after_two_hours_without_a_value_the_yearly_figure_serves_and_says_so(site: Site) -> None:
    measured(site, (-6, -5, 410.0))
    book(site, LIVE)
    assert factors_of(site) == {n: ["fallback"] if n < 3 else ["static"] for n in range(BUCKETS)}


def test_what_is_not_booked_yet_needs_no_mark(site: Site) -> None:
    measured(site, *GRID)
    assert site[1].values.waiting() == []
    book(site, LIVE)
    measured(site, (20, 21, 5.0))
    assert site[1].values.waiting() == []


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = DuckDBStore(tmp_path / "samples.duckdb")
    for node in NODES:
        store.write(samples(node, T0, END))
    store.close()
    words = ["--data-dir", str(tmp_path), "--json"]
    assert main(["attribute", *words]) == 0
    config = tmp_path / "maxwatt.toml"
    config.write_text("[carbon]\nintensity_g_per_kwh = 500\nmarket_g_per_kwh = 20\n[cost]\nprice_per_kwh = 0.3\n")
    capsys.readouterr()
    assert main(["attribute", "--factors", "--config", str(config), *words]) == 0
    first = json.loads(capsys.readouterr().out)
    assert first["buckets"] == BUCKETS
    assert first["changed"] > 0
    assert main(["attribute", "--factors", "--config", str(config), *words, "--since", str(T0 + BUCKET_MS)]) == 0
    assert json.loads(capsys.readouterr().out) == {"buckets": BUCKETS - 1, "changed": 0}
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    with ledger.engine.begin() as connection:
        sums = connection.execute(select(bookings.c.co2_g / bookings.c.co2_market_g, bookings.c.cost)).all()
        assert {round(ratio) for ratio, _ in sums if ratio is not None} == {25}
        assert None not in [cost for _, cost in sums]
        connection.execute(update(windows).values(state="open"))
    ledger.close()


def test_nothing_booked_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    DuckDBStore(tmp_path / "samples.duckdb").close()
    assert main(["attribute", "--factors", "--data-dir", str(tmp_path)]) != 0
    assert "nothing is booked yet" in capsys.readouterr().err
