"""The central fetcher against a real server: history, backfill, pauses and restarts."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pyarrow as pa
import pytest
from provider_server import ProviderServer, Reply, provider_server
from sqlalchemy import select

from aggregator.ledger.ledger import Ledger
from aggregator.ledger.tables import bookings, factors, faults, figures
from aggregator.pipeline.intensities import FIRST_PAUSE_MS, PATIENCE, IntensityPolls
from aggregator.pipeline.loop import Aggregator
from aggregator.pipeline.series import origin_of
from aggregator.sources.carbon.registry import PROVIDERS
from aggregator.store.duckdb import DuckDBStore
from maxwatt.config import CarbonSettings, Settings
from maxwatt.domain.units import DAY_MS

NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)
NOW = int(NOON.timestamp() * 1000)
HOUR = 3_600_000
PROVIDER = PROVIDERS["energy_charts"]


class EnergyCharts(ProviderServer):
    """Answers each request for days with a value for each hour that has been; breaks where told to."""

    knows_from = ""

    def reply(self) -> Reply:
        if self.replies:
            return self.replies.pop(0)
        query = parse_qs(urlsplit(self.asked[-1][0]).query)
        if query["start"][0] < self.knows_from:
            return Reply("not found", 404)
        first, last = (datetime.fromisoformat(query[name][0]).replace(tzinfo=UTC) for name in ("start", "end"))
        hours = range(int((last - first + timedelta(days=1)) / timedelta(hours=1)))
        times = [int(first.timestamp()) + 3600 * hour for hour in hours]
        measured = [float(second // 3600 % 500) if second * 1000 < NOW else None for second in times]
        forecast = [None if known is not None else 77.0 for known in measured]
        return Reply(json.dumps({"unix_seconds": times, "co2eq": measured, "co2eq_forecast": forecast}))


@pytest.fixture
def server() -> Iterator[EnergyCharts]:
    with provider_server(EnergyCharts) as running:
        yield running


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    yield opened
    opened.close()


@pytest.fixture
def carbon(server: ProviderServer) -> CarbonSettings:
    return CarbonSettings(provider="energy_charts", provider_url=server.url)


def polls(ledger: Ledger, carbon: CarbonSettings) -> IntensityPolls:
    return IntensityPolls(ledger, PROVIDER, carbon)


def known(ledger: Ledger, carbon: CarbonSettings) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for each in ledger.values.intensities(origin_of(PROVIDER, carbon), 0, NOW + 9 * DAY_MS):
        found.setdefault(each.state, []).append(each.start_ms)
    return found


def said(ledger: Ledger) -> list[str]:
    with ledger.engine.begin() as connection:
        return list(connection.execute(select(faults.c.message)).scalars())


def test_the_newest_come_first_then_the_past_of_the_samples_then_nothing_until_it_is_time(
    ledger: Ledger, carbon: CarbonSettings, server: ProviderServer
) -> None:
    fetcher, oldest = polls(ledger, carbon), NOW - 20 * DAY_MS
    assert fetcher.poll(NOW, oldest)
    assert min(known(ledger, carbon)["measured"]) >= NOW - 7 * DAY_MS
    assert max(known(ledger, carbon)["forecast"]) > NOW
    asked = [fetcher.poll(NOW + n * 10_000, oldest) for n in range(1, 6)]
    assert asked == [True, True, False, False, False]
    measured = known(ledger, carbon)["measured"]
    assert measured == list(range(min(measured), max(measured) + HOUR, HOUR))  # no gap
    assert min(measured) <= oldest
    assert len(server.asked) == 3
    assert not fetcher.poll(NOW + 899_000, oldest)
    assert fetcher.poll(NOW + 900_000, oldest)


def test_without_samples_nothing_of_the_past_is_asked_for(ledger: Ledger, carbon: CarbonSettings) -> None:
    fetcher = polls(ledger, carbon)
    assert fetcher.poll(NOW, None)
    assert not fetcher.poll(NOW + 10_000, None)


def test_a_restart_goes_on_where_the_ledger_says(
    ledger: Ledger, carbon: CarbonSettings, server: ProviderServer
) -> None:
    first = polls(ledger, carbon)
    assert first.poll(NOW - 10 * DAY_MS, None)
    later = polls(ledger, carbon)
    spans = []
    while later.poll(NOW, NOW - 10 * DAY_MS):
        spans.append(server.asked[-1][0])
    assert len(spans) == 2  # from a day before what is covered, in steps of a week at most
    measured = known(ledger, carbon)["measured"]
    assert measured == list(range(min(measured), NOW, HOUR))


def test_the_same_answer_again_changes_nothing(ledger: Ledger, carbon: CarbonSettings) -> None:
    origin = origin_of(PROVIDER, carbon)
    polls(ledger, carbon).poll(NOW, None)
    values = ledger.values.intensities(origin, 0, NOW + 9 * DAY_MS)
    assert ledger.values.record_intensities(origin, values, NOW + 1) == 0
    changed = [replace(values[0], g_per_kwh=1.0), *values[1:]]
    assert ledger.values.record_intensities(origin, changed, NOW + 1) == 1
    assert ledger.values.intensities(origin, 0, NOW)[0].g_per_kwh == 1.0


def test_after_failures_the_pause_doubles_and_the_source_says_why(
    ledger: Ledger, carbon: CarbonSettings, server: ProviderServer
) -> None:
    server.replies[:] = [Reply("<html>", 500), Reply("<html>maintenance</html>"), Reply("broken", 503)]
    fetcher, now = polls(ledger, carbon), NOW
    for failures in range(3):
        assert not fetcher.poll(now, None)
        state = ledger.sources()["energy_charts"]
        assert (state.success_ms, bool(state.error)) == (None, True)
        assert not fetcher.poll(now + (FIRST_PAUSE_MS << failures) - 1, None)
        assert len(server.asked) == failures + 1
        now += FIRST_PAUSE_MS << failures
    assert fetcher.poll(now, None)
    assert ledger.sources()["energy_charts"].error == ""
    assert any("500" in each for each in said(ledger))
    assert any("no JSON but '<html>maintenance</html>'" in each for each in said(ledger))


def test_a_pause_that_the_provider_asks_for_holds_for_the_past_too(
    ledger: Ledger, carbon: CarbonSettings, server: ProviderServer
) -> None:
    fetcher, oldest = polls(ledger, carbon), NOW - 20 * DAY_MS
    assert fetcher.poll(NOW, oldest)
    server.replies[:] = [Reply("slow down", 429, {"Retry-After": "7200"})]
    assert not fetcher.poll(NOW + 10_000, oldest)
    assert not fetcher.poll(NOW + 10_000 + 7_199_000, oldest)
    assert len(server.asked) == 2
    assert fetcher.poll(NOW + 10_000 + 7_200_000, oldest)


def test_a_past_that_the_provider_does_not_have_does_not_keep_it_from_the_present(
    ledger: Ledger, carbon: CarbonSettings, server: EnergyCharts
) -> None:
    server.knows_from = "2026-03-10"
    fetcher, oldest = polls(ledger, carbon), NOW - 20 * DAY_MS
    answered = [fetcher.poll(NOW + n * 60_000, oldest) for n in range(120)]
    starts = [parse_qs(urlsplit(path).query)["start"][0] for path, _ in server.asked]
    assert sum(start < "2026-03-10" for start in starts) == PATIENCE
    assert sum(answered) == 120 // 15  # the newest, every quarter of an hour
    assert len(starts) == sum(answered) + PATIENCE


def test_faults_beside_good_values_are_told_and_the_good_ones_kept(
    ledger: Ledger, carbon: CarbonSettings, server: ProviderServer
) -> None:
    times = [NOW // 1000 - 3600 * n for n in (3, 2, 1)]
    server.replies[:] = [Reply(json.dumps({"unix_seconds": times, "co2eq": [1.0, "x", -1], "co2eq_forecast": None}))]
    assert polls(ledger, carbon).poll(NOW, None)
    assert known(ledger, carbon) == {"measured": [NOW - 3 * HOUR]}
    assert len(said(ledger)) == 2


def test_the_aggregator_fetches_in_its_own_time_and_books_with_what_came(
    ledger: Ledger, carbon: CarbonSettings, server: EnergyCharts, tmp_path: Path
) -> None:
    """A provider that is down does not keep the rounds; what it says later replaces what stood in for it."""
    store = DuckDBStore(tmp_path / "samples.duckdb")
    ts = list(range(NOW - 3 * HOUR, NOW, 60_000))
    clock = {"monotonic_s": [n * 60.0 for n in range(len(ts))], "epoch_id": [1] * len(ts)}
    counters = {
        name: [60.0 * n for n in range(len(ts))] for name in ("cpu_busy_seconds_total", "cpu_energy_joules_total")
    }
    store.write({"node": pa.table({"ts_ms": ts, "node": ["n1"] * len(ts), **clock, **counters})})
    aggregator = Aggregator(store, ledger, Settings(carbon=carbon))
    server.replies[:] = [Reply("down", 503)]
    assert aggregator.run_once(NOW).report.rows > 0
    assert states(ledger) == {"static"}
    aggregator.run_once(NOW + FIRST_PAUSE_MS)  # the answer is there when the round books
    assert states(ledger) == {"measured"}
    with ledger.engine.begin() as connection:
        for bucket_ms, co2_g, energy_j in connection.execute(
            select(bookings.c.bucket_ms, bookings.c.co2_g, bookings.c.cpu_static_j + bookings.c.cpu_dynamic_j)
        ):
            intensity = bucket_ms // HOUR % 500
            assert co2_g == pytest.approx(energy_j / 3.6e6 * intensity, rel=1e-9)
    store.close()


def states(ledger: Ledger) -> set[str]:
    """States of the intensities that anything is booked with."""
    joined = select(figures.c.state).join(factors, factors.c.intensity_id == figures.c.figure_id)
    with ledger.engine.begin() as connection:
        return set(connection.execute(joined.join(bookings, bookings.c.factor_id == factors.c.factor_id)).scalars())
