from dataclasses import replace

import pytest
from ledger_book import BUCKET, SETTINGS, T0, Book

from aggregator.ledger.refresh import refresh
from aggregator.pipeline.sums import site_of
from aggregator.queries.queries import Queries
from maxwatt.domain.energy import Account
from maxwatt.domain.errors import InputError
from maxwatt.domain.node_model import NodeModel
from maxwatt.domain.viewer import ADMIN, Viewer

ALICE = Viewer("alice")
ALL = (T0, T0 + 10 * BUCKET)


def test_energy_by_user_most_first(filled: Book, queries: Queries) -> None:
    alice, bob = queries.energy_by(ADMIN, "user", *ALL)
    assert (alice.name, alice.jobs, alice.energy_j, alice.cpu_hours) == ("alice", 1, 14_400.0, 4.0)
    assert (alice.energy_static_j, alice.energy_dynamic_j) == (6400.0, 8000.0)
    assert (alice.waste_j, alice.waste_unknown_j) == (2000.0, 0.0)
    assert (bob.name, bob.jobs, bob.energy_j, bob.co2_g) == ("bob", 1, 7200.0, 1.08)
    assert (bob.waste_j, bob.waste_unknown_j) == (None, 7200.0)
    assert bob.cost == pytest.approx(7200 / 3.6e6 * 1.5 * 0.4)


@pytest.mark.parametrize(("group", "names"), [("account", ["phys", "chem"]), ("partition", ["cpu", "gpu"])])
def test_other_groups(filled: Book, queries: Queries, group: str, names: list[str]) -> None:
    assert [row.name for row in queries.energy_by(ADMIN, group, *ALL)] == names  # type: ignore[arg-type]


def test_an_unknown_group_is_refused(queries: Queries) -> None:
    with pytest.raises(InputError, match="user, account, partition"):
        queries.energy_by(ADMIN, "node", *ALL)  # type: ignore[arg-type]


def test_buckets_count_by_their_start(filled: Book, queries: Queries) -> None:
    (only,) = queries.energy_by(ADMIN, "user", T0 - BUCKET + 1, T0 + 1)  # cuts bucket 0: it counts whole
    assert only.energy_j == 7200.0
    assert [row.energy_j for row in queries.energy_by(ADMIN, "user", T0 + 1, T0 + 2 * BUCKET)] == [7200.0, 7200.0]


def test_errors_of_several_jobs_do_not_cancel_out(filled: Book, queries: Queries) -> None:
    filled.job(4, "alice", 0, 1)
    filled.booking(4, "n1", 0, {"cpu_static_j": 5600.0}, uncertainty=0.2)
    alice = queries.energy_by(ADMIN, "user", *ALL)[0]
    spread_j = 4 * 3600 * 0.05 + 5600 * 0.2
    assert alice.evidence.uncertainty == pytest.approx(spread_j / 20_000)
    assert alice.evidence.shares["modelled"] == pytest.approx(2400 / 20_000)


def test_a_group_with_an_open_window_is_provisional(filled: Book, queries: Queries) -> None:
    filled.booking(2, "n1", 2, {"cpu_static_j": 1.0})
    filled.window(2, "dirty")
    assert {row.name: row.evidence.provisional for row in queries.energy_by(ADMIN, "user", *ALL)} == {
        "alice": False,
        "bob": True,
    }


def test_summary_adds_up_by_account_and_by_component(filled: Book, queries: Queries) -> None:
    summary = queries.energy_summary(ADMIN, *ALL)
    assert (summary.jobs_j, summary.system_j, summary.idle_j, summary.unattributed_j) == (21_600, 300, 900, -100)
    assert summary.total_j == 22_700.0
    assert summary.by_component_j == {"cpu": 13_800 + 1100, "dram": 0.0, "gpu": 5400.0, "rest": 2400.0}
    assert sum(summary.by_component_j.values()) == summary.total_j
    assert summary.co2_g == pytest.approx(4 * 0.54 + 1.08 + 1100 * 1.5e-4)
    assert summary.cost == pytest.approx(22_700 / 3.6e6 * 1.5 * 0.4)
    assert summary.evidence.coverage == pytest.approx(2700 / 3600)  # of the nodes' time
    spread_j = 720.0 + 720.0
    assert summary.evidence.uncertainty == pytest.approx(spread_j / 22_700)


def test_the_summary_names_the_figures_by_the_time_they_held(filled: Book, queries: Queries) -> None:
    filled.factor(2, 180.0, "2025")
    for bucket in (2, 3, 4, 5, 6, 7):
        filled.window(bucket)
        filled.booking(0, "n2", bucket, {"cpu_static_j": 1.0}, account=int(Account.IDLE), factor_id=2)
    figures = queries.energy_summary(ADMIN, T0, T0 + 8 * BUCKET).figures
    grid = [(use.vintage, use.share) for use in figures if use.quantity == "intensity"]
    assert grid == [("2025", 0.75), ("2024", 0.25)]
    assert queries.energy_summary(ADMIN, T0 - 2 * BUCKET, T0).figures == ()


def test_idle_is_split_by_the_state_of_the_nodes(filled: Book, queries: Queries) -> None:
    for account, energy_j in ((Account.DOWN, 500.0), (Account.DRAINED, 40.0)):
        filled.booking(0, "n2", 1, {"cpu_static_j": energy_j}, account=int(account))
    summary = queries.energy_summary(ADMIN, *ALL)
    assert summary.idle_j == 900 + 500 + 40
    assert summary.idle_by_kind_j == {"idle": 900.0, "drained": 40.0, "down": 500.0}
    assert summary.total_j == summary.jobs_j + 300 + 1440 - 100
    assert queries.energy_series(ADMIN, T0, T0 + 2 * BUCKET).power_w["down"] == (0.0, 500 / 900)
    assert queries.energy_summary(ALICE, *ALL).idle_by_kind_j == {}


def test_summary_of_ones_own_jobs_knows_nothing_of_the_rest(filled: Book, queries: Queries) -> None:
    summary = queries.energy_summary(ALICE, *ALL)
    assert (summary.jobs_j, summary.total_j) == (14_400, 14_400)
    assert (summary.system_j, summary.idle_j, summary.unattributed_j) == (None, None, None)
    assert summary.by_component_j == {"cpu": 12_000.0, "dram": 0.0, "gpu": 0.0, "rest": 2400.0}
    assert summary.evidence.coverage == 1.0


def test_booked_time_is_that_of_the_measured_buckets_alone(filled: Book, queries: Queries) -> None:
    week_ms = 7 * 96 * BUCKET
    assert queries.energy_summary(ADMIN, T0 - week_ms, T0 + week_ms).booked_s == 2 * 900.0
    assert queries.energy_summary(ADMIN, T0 + BUCKET, T0 + week_ms).booked_s == 900.0
    assert queries.energy_summary(ADMIN, 0, 10).booked_s == 0.0


def test_summary_of_a_time_without_bookings(filled: Book, queries: Queries) -> None:
    summary = queries.energy_summary(ADMIN, 0, 10)
    assert (summary.total_j, summary.co2_g, summary.cost, summary.evidence.coverage) == (0.0, None, None, 0.0)


def test_series_is_the_mean_power_of_each_account(filled: Book, queries: Queries) -> None:
    series = queries.energy_series(ADMIN, T0, T0 + 3 * BUCKET)
    assert (series.start_ms, series.step_ms) == ((T0, T0 + BUCKET, T0 + 2 * BUCKET), BUCKET)
    assert series.power_w["jobs"] == (8.0, 16.0, None)
    assert series.power_w["idle"] == (0.0, 1.0, None)
    assert series.power_w["unattributed"][1] == pytest.approx(-1 / 9)
    own = queries.energy_series(ALICE, T0, T0 + 2 * BUCKET).power_w
    assert own == {"jobs": (8.0, 8.0), "sessions": (0.0, 0.0)}


def test_series_in_coarser_steps_keeps_the_energy(filled: Book, queries: Queries) -> None:
    series = queries.energy_series(ADMIN, T0, T0 + 3 * BUCKET, max_points=2)
    assert (series.step_ms, len(series.start_ms)) == (2 * BUCKET, 2)
    assert series.power_w["jobs"] == (21_600 / 1800, None)


def test_the_bucket_under_way_counts_up_to_when_it_was_computed(filled: Book, queries: Queries) -> None:
    filled.window(2, "open", computed=2.5)
    filled.measured("n1", 2, 450.0)
    filled.booking(0, "n1", 2, {"cpu_static_j": 900.0}, account=int(Account.IDLE))
    assert queries.energy_series(ADMIN, T0, T0 + 3 * BUCKET).power_w["idle"] == (0.0, 1.0, 2.0)


def test_a_measured_bucket_without_own_jobs_is_zero_but_an_unmeasured_one_unknown(
    filled: Book, queries: Queries
) -> None:
    filled.window(2)
    filled.measured("n1", 2, 900.0)
    filled.window(3)
    filled.measured("n1", 3, 0.0)
    assert queries.energy_series(ALICE, T0, T0 + 4 * BUCKET).power_w["jobs"] == (8.0, 8.0, 0.0, None)


def test_an_empty_time_has_no_points(filled: Book, queries: Queries) -> None:
    assert queries.energy_series(ADMIN, T0, T0).start_ms == ()
    with pytest.raises(InputError):
        queries.energy_series(ADMIN, T0, T0 + BUCKET, max_points=0)


def test_energy_of_nodes_sums_its_accounts(filled: Book, queries: Queries) -> None:
    n1, n2 = queries.energy_of_nodes(ADMIN, *ALL)
    assert (n1.name, n1.energy_j, n1.by_account_j) == ("n1", 14_400.0, {"jobs": 14_400.0})
    assert (n2.name, n2.energy_j) == ("n2", 8300.0)
    assert n2.by_account_j == {"jobs": 7200.0, "system": 300.0, "idle": 900.0, "unattributed": -100.0}
    assert (n1.evidence.coverage, n2.evidence.coverage) == (1.0, 0.5)


def test_energy_of_groups_from_sums_and_from_bookings(filled: Book) -> None:
    settings = replace(SETTINGS, node_models=(NodeModel("fat", ("n1",), group="big"), NodeModel("thin", ("n2",))))
    queries = Queries(filled.engine, None, settings)
    for _ in range(2):
        rows = queries.energy_of_nodes(ADMIN, *ALL, groups=True)
        assert [(row.name, row.energy_j) for row in rows] == [("big", 14_400.0), ("thin", 8300.0)]
        refresh(filled.engine, site_of(settings))
