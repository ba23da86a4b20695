"""Sums that grow with the bookings are those that are made at once, and they are the bookings'."""

from collections import defaultdict
from dataclasses import replace
from math import isclose
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select

from aggregator.ledger import tables
from aggregator.ledger.bookings import BOOKING_COLUMNS
from aggregator.ledger.ledger import Ledger
from aggregator.ledger.refresh import Site
from aggregator.queries.full import full_factors
from aggregator.queries.queries import Queries
from maxwatt.config import ClusterSettings, Settings
from maxwatt.domain.energy import ENERGY_COLUMNS, EVIDENCE_COLUMNS, Account
from maxwatt.domain.periods import Period, end_of, start_of
from maxwatt.domain.rollups import SUMS, Dimension
from maxwatt.domain.units import BUCKET_MS, DAY_MS
from maxwatt.domain.viewer import ADMIN

BERLIN = ZoneInfo("Europe/Berlin")
T0 = 1_792_792_800_000 // BUCKET_MS * BUCKET_MS  # 2026-10-23 22:00 UTC: the clock goes back a day later
SITE = Site(BERLIN, lambda node: "fat" if node == "n1" else "thin")
JOBS = {1: ("ann", "phys"), 2: ("ann", "chem"), 3: ("bob", "phys")}


def booking(node: str, bucket: int, account: Account, ref: int, energy_j: float) -> tuple:
    known = energy_j % 2 < 1
    values = {
        **dict.fromkeys((*ENERGY_COLUMNS, *EVIDENCE_COLUMNS), 0.0),
        **{"node": node, "bucket_ms": T0 + bucket * BUCKET_MS, "account": int(account), "job_ref": ref},
        **{"cpu_static_j": energy_j / 4, "rest_dynamic_j": energy_j * 3 / 4, "counted_j": energy_j},
        **{"cpu_used_s": 10.0 if known else None, "cpu_reserved_s": 20.0, "held_s": 900.0, "covered_s": 890.0},
        **{"waste_j": energy_j / 10 if known else None, "memory_peak_bytes": 5.0, "uncertainty": 0.1},
        **{"co2_g": energy_j * 1e-4, "factor_id": 1, "method_version": 2},
    }
    return tuple(values.get(name) for name in BOOKING_COLUMNS)


@st.composite
def books(draw) -> list[tuple]:
    places = st.tuples(
        st.sampled_from(["n1", "n2", "n3"]), st.integers(0, 400), st.sampled_from([0, 1, 2, 3]), st.floats(1, 1e6)
    )
    found = {}
    for node, bucket, ref, energy_j in draw(st.lists(places, max_size=30)):
        account = Account.JOB if ref else Account.IDLE
        found[node, bucket, ref] = booking(node, bucket, account, ref, energy_j)
    return list(found.values())


@pytest.fixture(scope="module")
def ledgers(tmp_path_factory) -> tuple[Ledger, Ledger]:
    folder = tmp_path_factory.mktemp("rollups")
    opened = tuple(Ledger.open(f"sqlite:///{folder / name}.sqlite") for name in ("one", "other"))
    yield opened
    for ledger in opened:
        ledger.close()


def emptied(ledger: Ledger) -> Ledger:
    """The ledger with its three jobs and nothing else: quicker than a new one for every example."""
    columns = {column.name: 0 for column in tables.jobs.columns if not column.nullable}
    with ledger.engine.begin() as connection:
        for table in tables.metadata.tables.values():
            connection.execute(delete(table))
        for ref, (user, account) in JOBS.items():
            start = {"job_ref": ref, "job_id": ref, "start_ms": T0 + 3 * BUCKET_MS + ref, "array_job_id": 7}
            connection.execute(insert(tables.jobs).values({**columns, **start, "user": user, "account": account}))
    return ledger


def put(ledger: Ledger, rows: list[tuple]) -> None:
    span = (T0, T0 + 401 * BUCKET_MS)
    ledger.replace_bookings(["n1", "n2", "n3"], span, sorted(rows, key=lambda row: row[:4]), [])


def close(ledger: Ledger) -> None:
    ledger.note_booked({T0 + n * BUCKET_MS: 0.0 for n in range(401)}, T0)
    ledger.close_windows([T0 + n * BUCKET_MS for n in range(401)])


def sums(ledger: Ledger) -> tuple[dict, dict]:
    with ledger.engine.begin() as connection:
        rollups = {tuple(row[:5]): tuple(row[5:]) for row in connection.execute(select(tables.rollups))}
        totals = {row[0]: tuple(row[1:]) for row in connection.execute(select(tables.job_totals))}
        assert not list(connection.execute(select(tables.stale_jobs)))
        assert not [row for row in connection.execute(select(tables.stale)) if row.period != Period.UTC_DAY]
    return rollups, totals


def near(one: dict, other: dict) -> bool:
    return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)


def alike(one, other) -> bool:
    if isinstance(one, tuple):
        return all(map(alike, one, other))
    return one == other or (None not in (one, other) and isclose(one, other, rel_tol=1e-9))


@settings(max_examples=8, deadline=None)
@given(first=books(), second=books())
def test_step_by_step_is_all_at_once(ledgers, first, second):
    grown, made = map(emptied, ledgers)
    close(grown)
    put(grown, first)
    grown.refresh_rollups(SITE)
    put(grown, second)
    grown.refresh_rollups(SITE)
    close(made)
    put(made, second)
    made.refresh_rollups(SITE)
    before = sums(grown)
    assert near(before[0], sums(made)[0])
    assert near(before[1], sums(made)[1])
    grown.rebuild_rollups()
    grown.refresh_rollups(SITE)
    assert near(before[0], sums(grown)[0])


@settings(max_examples=8, deadline=None)
@given(rows=books())
def test_sums_are_those_of_the_bookings(ledgers, rows):
    ledger = emptied(ledgers[0])
    put(ledger, rows)
    ledger.refresh_rollups(SITE)
    rollups, totals = sums(ledger)
    energy, place = {name: SUMS.index(name) for name in SUMS}, {name: n for n, name in enumerate(BOOKING_COLUMNS)}
    for period in (Period.HOUR, Period.DAY, Period.WEEK, Period.MONTH):
        wanted: dict = defaultdict(float)
        for row in rows:
            start = start_of(period, row[place["bucket_ms"]], BERLIN)
            for key in keys(row, place):
                wanted[int(period), start, *key] += row[place["counted_j"]]
        found = {key: value[energy["counted_j"]] for key, value in rollups.items() if key[0] == period}
        assert near(wanted, found)
    of_jobs: dict = defaultdict(float)
    for row in rows:
        if row[place["job_ref"]]:
            of_jobs[row[place["job_ref"]]] += row[place["counted_j"]]
    assert near(of_jobs, {ref: total[energy["counted_j"]] for ref, total in totals.items()})


def keys(row: tuple, place: dict) -> list[tuple]:
    """Every (dimension, name, account) that a booking belongs to."""
    account, node = row[place["account"]], row[place["node"]]
    found = [(Dimension.CLUSTER, ""), (Dimension.NODE, node), (Dimension.NODE_GROUP, SITE.group_of(node))]
    if account == Account.JOB:
        user, project = JOBS[row[place["job_ref"]]]
        found += [(Dimension.USER, user), (Dimension.ACCOUNT, project), (Dimension.ARRAY, "7")]
        found += [(Dimension.PARTITION, "0"), (Dimension.QOS, "0")]
    return [(int(dimension), name, int(account)) for dimension, name in found]


def test_the_day_the_clock_goes_back_has_25_hours_and_what_is_unknown_is_told(ledgers):
    """2026-10-25 in Berlin lasts from 24 October, 22:00 UTC, for 25 hours: one booking of 4 J in each bucket of n2."""
    ledger = emptied(ledgers[0])
    put(ledger, [booking("n2", n, Account.JOB, 3, 5.0 if n == 0 else 4.0) for n in range(401)])
    ledger.refresh_rollups(SITE)
    rollups, totals = sums(ledger)
    day = start_of(Period.DAY, T0 + 150 * BUCKET_MS, BERLIN)
    assert (end_of(Period.DAY, day, BERLIN) - day) // BUCKET_MS == 100
    row = dict(zip((*SUMS, "jobs_started", "method"), rollups[Period.DAY, day, Dimension.USER, "bob", 0], strict=True))
    assert row["counted_j"] == pytest.approx(100 * 4.0)
    assert row["jobs_started"] == 0
    total = dict(zip((*SUMS, "peak", "first", "last", "version", "peak_nodes"), totals[3], strict=True))
    assert total["waste_unknown_j"] == pytest.approx(5.0)  # of the first bucket the waste is not known
    assert total["waste_j"] == pytest.approx(400 * 0.4)
    assert (total["peak"], total["first"], total["last"]) == (5.0, T0, T0 + 400 * BUCKET_MS)
    first_hour = start_of(Period.HOUR, T0 + 3 * BUCKET_MS, BERLIN)
    assert rollups[Period.HOUR, first_hour, Dimension.USER, "bob", 0][len(SUMS)] == 1  # the hour job 3 began


def test_a_utc_day_is_summed_when_its_windows_are_closed(ledgers):
    ledger = emptied(ledgers[0])
    put(ledger, [booking("n2", n, Account.JOB, 3, 4.0) for n in range(401)])
    ledger.refresh_rollups(SITE)
    assert not [key for key in sums(ledger)[0] if key[0] == Period.UTC_DAY]
    close(ledger)
    ledger.refresh_rollups(SITE)
    whole = [key[1] for key in sums(ledger)[0] if key[0] == Period.UTC_DAY and key[2] == Dimension.CLUSTER]
    assert len(whole) == 5  # 23 October from 22:00, four whole days, and not the day under way


def test_another_time_zone_has_other_days(ledgers):
    ledger = emptied(ledgers[0])
    put(ledger, [booking("n2", 0, Account.JOB, 3, 4.0)])
    ledger.refresh_rollups(SITE)
    kolkata = Site(ZoneInfo("Asia/Kolkata"), SITE.group_of)
    ledger.refresh_rollups(kolkata)
    days = {key[1] for key in sums(ledger)[0] if key[0] == Period.DAY}
    assert days == {start_of(Period.DAY, T0, kolkata.zone)}


@settings(max_examples=8, deadline=None)
@given(rows=books(), again=books(), low=st.integers(-5, 400), length=st.integers(0, 405), ragged=st.integers(-9, 9))
def test_a_time_has_the_same_energy_from_sums_and_from_bookings(ledgers, rows, again, low, length, ragged):
    """Before the sums are made every figure comes from the bookings; after, only the ragged ends do."""
    ledger = emptied(ledgers[0])
    close(ledger)
    read = Queries(ledger.engine, None, replace(Settings(), cluster=ClusterSettings(timezone="Europe/Berlin")))
    since = T0 + low * BUCKET_MS + ragged
    until = since + length * BUCKET_MS
    put(ledger, rows)
    for more in (rows, again):  # the second time some of the sums are there, and stale
        put(ledger, more)
        from_bookings = figures(read, since, until)
        ledger.refresh_rollups(SITE)
        assert figures(read, since, until) == pytest.approx(from_bookings, rel=1e-9, abs=1e-9)


def figures(read: Queries, since: int, until: int) -> dict[str, float]:
    summary = read.energy_summary(ADMIN, since, until)
    found = {"total": summary.total_j, "idle": summary.idle_j, "uncertainty": summary.evidence.uncertainty}
    for row in read.energy_by(ADMIN, "user", since, until):
        found |= {f"{row.name} {key}": getattr(row, key) for key in ("energy_j", "cpu_hours", "waste_unknown_j")}
    return found


def test_full_energy_shares_out_the_whole_meter_of_each_day(ledgers):
    """On the day 100 J are Bob's and 300 J nobody's: F = 4. Two days later, with no idle energy, F = 1."""
    ledger = emptied(ledgers[0])
    read = Queries(ledger.engine, None, Settings())
    put(
        ledger,
        [
            booking("n1", 10, Account.JOB, 3, 100.0),
            booking("n1", 10, Account.IDLE, 0, 300.0),
            booking("n1", 106, Account.IDLE, 0, 70.0),
            booking("n1", 202, Account.JOB, 3, 50.0),
        ],
    )
    ledger.refresh_rollups(SITE)
    assert read.job(ADMIN, 3).full_j is None  # the days are still open
    close(ledger)
    ledger.refresh_rollups(SITE)
    assert read.job(ADMIN, 3).full_j == pytest.approx(4 * 100.0 + 50.0)
    days = [T0 - T0 % DAY_MS + n * DAY_MS for n in (1, 2, 3)]
    with ledger.engine.begin() as connection:  # the day between, which nobody used, stays idle
        assert full_factors(connection, days) == {days[0]: pytest.approx(4.0), days[2]: pytest.approx(1.0)}


def test_jobs_are_counted_once_from_sums_and_from_bookings(ledgers):
    """Bob's job begins in bucket 3 and runs through bucket 11: two hours and a half, the last of them ragged."""
    ledger = emptied(ledgers[0])
    close(ledger)
    read = Queries(ledger.engine, None, replace(Settings(), cluster=ClusterSettings(timezone="Europe/Berlin")))
    put(ledger, [booking("n1", bucket, Account.JOB, 3, 4.0) for bucket in range(3, 12)])
    for _ in range(2):  # from the bookings, then from the sums
        for first, last, jobs in ((0, 12, 1), (3, 5, 1), (4, 8, 1), (5, 11, 1), (12, 20, 0), (0, 3, 0)):
            rows = read.energy_by(ADMIN, "user", T0 + first * BUCKET_MS, T0 + last * BUCKET_MS)
            assert sum(row.jobs for row in rows) == jobs, (first, last)
        ledger.refresh_rollups(SITE)


def test_a_day_without_its_hours_is_summed_whole_again(ledgers):
    """Hours of more than 100 days ago are gone, of the hundredth day all; late news need the whole day."""
    ledger = emptied(ledgers[0])
    late = 100 * 96 + 50  # buckets: in the middle of a day
    ledger.note_booked({T0 + n * BUCKET_MS: 0.0 for n in range(late)}, T0)
    rows = [booking("n1", bucket, Account.JOB, 3, 4.0) for bucket in range(0, 96, 4)]
    put(ledger, rows)
    ledger.refresh_rollups(SITE)
    day = (Period.DAY, start_of(Period.DAY, T0, BERLIN), Dimension.USER, "bob", 0)
    whole = dict(zip((*SUMS, "jobs_started", "method"), sums(ledger)[0][day], strict=True))
    put(ledger, [*rows[:-1], booking("n1", 92, Account.JOB, 3, 5.0)])
    ledger.refresh_rollups(SITE)
    changed = dict(zip((*SUMS, "jobs_started", "method"), sums(ledger)[0][day], strict=True))
    assert changed["counted_j"] == pytest.approx(whole["counted_j"] + 1.0)
