"""A person who is forgotten: gone from every table and file, while every sum that is not a person's stays."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from sqlalchemy import Engine, insert, select

from aggregator.ledger import renaming
from aggregator.ledger.bookings import BOOKING_COLUMNS
from aggregator.ledger.compact import compact
from aggregator.ledger.erasure import Erased, forget_older, forget_user
from aggregator.ledger.ledger import Ledger
from aggregator.ledger.refresh import Site
from aggregator.ledger.tables import bookings, faults, jobs, metadata, node_states, rollups
from aggregator.ledger.users import User
from aggregator.pipeline.renaming import rename_waiting
from aggregator.queries.queries import Queries
from aggregator.store.duckdb import DuckDBStore
from maxwatt.cli import main
from maxwatt.config import Settings
from maxwatt.domain.energy import Account
from maxwatt.domain.jobs import Allocation, JobKey, JobRecord, JobState
from maxwatt.domain.periods import Period
from maxwatt.domain.privacy import FORGOTTEN
from maxwatt.domain.rollups import Dimension
from maxwatt.domain.units import BUCKET_MS, DAY_MS
from maxwatt.domain.viewer import ADMIN

T0 = 1_780_264_800_000  # midnight in Berlin, a Monday and the first of June
BERLIN = ZoneInfo("Europe/Berlin")
SITE = Site(BERLIN, lambda _: "")
NOW = T0 + 30 * DAY_MS
NAME = "zaphodb"


def job(number: int, user: str, day: float, days: float = 0.5) -> JobRecord:
    """Half a day of a job in which the user's name stands in every text."""
    start_ms = T0 + int(day * DAY_MS)
    return JobRecord(
        *(JobKey("c", number, start_ms), JobState.COMPLETED),
        user=user,
        account="physics",
        partition="batch",
        name=f"{user}-run",
        end_ms=start_ms + int(days * DAY_MS),
        allocations=(Allocation("n1", 4.0, 8e9),),
        work_dir=f"/home/{user}",
        stdout=f"/home/{user}/out",
        stderr=f"/home/{user}/err",
        command=f"/home/{user}/job.sh",
        comment=f"for {user}",
        state_reason=f"cancelled by {user}",
        source="sacct",
    )


JOBS = [job(1, NAME, 0.1), job(2, "trillian", 0.2), job(3, NAME, 1.8), job(4, NAME, 9.0), job(5, "zaphodbee", 1.1)]


def booking(record: JobRecord, ref: int, at_ms: int) -> tuple[object, ...]:
    values: dict[str, object] = dict.fromkeys(BOOKING_COLUMNS, 0.0)
    keys = {"bucket_ms": at_ms, "node": "n1", "account": 0, "job_ref": ref, "factor_id": 1, "method_version": 2}
    energy_j = 1000.0 * record.key.job_id
    return tuple((values | keys | {"cpu_static_j": energy_j, "counted_j": energy_j, "held_s": 900.0}).values())


@pytest.fixture
def ledger(ledger: Ledger) -> Ledger:
    ledger.upsert_jobs(JOBS, NOW)
    rows = [
        booking(record, ref, at_ms - at_ms % BUCKET_MS)
        for ref, record in enumerate(JOBS, start=1)
        for at_ms in range(record.key.start_ms, record.end_ms or 0, 2 * BUCKET_MS)
    ]
    ledger.replace_bookings(["n1"], (T0 - DAY_MS, T0 + 20 * DAY_MS), rows, [])
    ledger.note_booked(dict.fromkeys(range(T0, T0 + 20 * DAY_MS, BUCKET_MS), 0.0), NOW)
    ledger.add_faults("sacct", [f"job 7 of {NAME}: ended before it began", "job 8 of zaphodbee: no end"], NOW)
    with ledger.engine.begin() as connection:
        values = {"node": "n1", "start_ms": T0, "end_ms": None, "state": "DRAIN", "reason": f"broken [{NAME}@login1]"}
        connection.execute(insert(node_states).values(**values))
    ledger.refresh_rollups(SITE)
    return ledger


def everything(engine: Engine) -> str:
    """All rows of all tables as text."""
    with engine.begin() as connection:
        tables = [connection.execute(select(table)).all() for table in metadata.sorted_tables]
    return "\n".join(str(tuple(row)) for rows in tables for row in rows)


def sums(ledger: Ledger, dimension: Dimension) -> dict[tuple[int, int, str, int], float]:
    part = rollups.c
    chosen = select(part.period, part.start_ms, part.name, part.account, part.cpu_static_j).where(
        part.dimension == int(dimension)
    )
    with ledger.engine.begin() as connection:
        return {tuple(row[:4]): row[4] for row in connection.execute(chosen)}


def users(ledger: Ledger, period: Period) -> dict[str, float]:
    """Joules of each user over all periods of a kind."""
    found: dict[str, float] = {}
    for (kind, _, name, _), energy_j in sums(ledger, Dimension.USER).items():
        if kind == period:
            found[name] = found.get(name, 0.0) + energy_j
    return found


def figures(ledger: Ledger) -> list[object]:
    """What the pages say of accounts, partitions and the whole."""
    queries = Queries(ledger.engine, None, Settings(), now_ms=lambda: NOW)
    summary = queries.energy_summary(ADMIN, T0, NOW)
    groups = [queries.energy_by(ADMIN, group, T0, NOW) for group in ("account", "partition")]  # type: ignore[arg-type]
    found = [(row.name, row.jobs, row.energy_j, row.co2_g) for rows in groups for row in rows]
    return [summary.total_j, summary.jobs_j, *found]


def test_the_name_is_nowhere_any_more_and_the_sums_stay(ledger: Ledger) -> None:
    kept = (Dimension.CLUSTER, Dimension.ACCOUNT, Dimension.PARTITION, Dimension.NODE)
    before, said = [sums(ledger, dimension) for dimension in kept], figures(ledger)
    of_user = users(ledger, Period.DAY)
    erased = forget_user(ledger.engine, NAME, NOW, BERLIN)
    assert (erased.jobs, erased.faults, erased.reasons) == (3, 1, 1)
    assert "zaphodb" not in everything(ledger.engine).replace("zaphodbee", "")
    ledger.refresh_rollups(SITE)
    assert [sums(ledger, dimension) for dimension in kept] == before
    assert figures(ledger) == said
    after = users(ledger, Period.DAY)
    assert after == {FORGOTTEN: of_user[NAME], "trillian": of_user["trillian"], "zaphodbee": of_user["zaphodbee"]}
    assert "zaphodb" not in everything(ledger.engine).replace("zaphodbee", "")


def test_another_persons_rows_are_left_alone(ledger: Ledger) -> None:
    forget_user(ledger.engine, NAME, NOW, BERLIN)
    with ledger.engine.begin() as connection:
        found = connection.execute(select(jobs.c.user, jobs.c.work_dir).order_by(jobs.c.job_id)).all()
        told = connection.execute(select(faults.c.message)).scalars().all()
    assert [tuple(row) for row in found] == [
        *((FORGOTTEN, ""), ("trillian", "/home/trillian"), (FORGOTTEN, ""), (FORGOTTEN, "")),
        ("zaphodbee", "/home/zaphodbee"),
    ]
    assert told == ["job 8 of zaphodbee: no end"]


def test_a_dry_run_counts_and_changes_nothing(ledger: Ledger) -> None:
    before = everything(ledger.engine)
    counted = forget_user(ledger.engine, NAME, NOW, BERLIN, dry_run=True)
    assert everything(ledger.engine) == before
    assert forget_user(ledger.engine, NAME, NOW, BERLIN) == counted
    assert forget_user(ledger.engine, NAME, NOW, BERLIN).jobs == 0


def test_accounting_does_not_bring_the_name_back(ledger: Ledger) -> None:
    forget_user(ledger.engine, NAME, T0 + 20 * DAY_MS, BERLIN)
    assert ledger.upsert_jobs(JOBS, NOW) == 0
    ledger.upsert_jobs([replace(job(6, NAME, 3.0), total_cpu_s=5.0), job(7, NAME, 21.0)], NOW)
    with ledger.engine.begin() as connection:
        found = {row.job_id: row.user for row in connection.execute(select(jobs))}
    assert found == {1: FORGOTTEN, 2: "trillian", 3: FORGOTTEN, 4: FORGOTTEN, 5: "zaphodbee", 6: FORGOTTEN, 7: NAME}


def test_only_what_began_before_a_day(ledger: Ledger) -> None:
    """Job 3 began before the second midnight and goes on after it; job 4 is later. The week holds both."""
    before = {period: users(ledger, period) for period in (Period.DAY, Period.WEEK, Period.MONTH)}
    erased = forget_user(ledger.engine, NAME, T0 + 2 * DAY_MS, BERLIN)
    assert erased.jobs == 2
    ledger.refresh_rollups(SITE)
    after = {period: users(ledger, period) for period in before}
    of_4 = 4000.0 * 24
    for period, found in after.items():
        assert found[NAME] == pytest.approx(of_4, rel=1e-9)
        assert found[NAME] + found[FORGOTTEN] == pytest.approx(before[period][NAME], rel=1e-9)
    ledger.rebuild_rollups()
    ledger.refresh_rollups(SITE)
    assert {period: users(ledger, period) for period in before} == after


def test_two_who_are_forgotten_become_one(ledger: Ledger) -> None:
    before = users(ledger, Period.MONTH)
    for name in (NAME, "trillian"):
        forget_user(ledger.engine, name, NOW, BERLIN)
    ledger.refresh_rollups(SITE)
    assert users(ledger, Period.MONTH)[FORGOTTEN] == pytest.approx(before[NAME] + before["trillian"], rel=1e-9)


def test_after_some_time_everybody_is_forgotten_day_by_day(ledger: Ledger) -> None:
    before, limit = users(ledger, Period.DAY), T0 + 2 * DAY_MS
    rounds = 0
    while forget_older(ledger.engine, limit, BERLIN):
        rounds += 1
    assert rounds in {2, 3}
    ledger.refresh_rollups(SITE)
    ledger.upsert_jobs(JOBS, NOW)
    with ledger.engine.begin() as connection:
        found = {row.job_id: row.user for row in connection.execute(select(jobs))}
    assert found == {1: FORGOTTEN, 2: FORGOTTEN, 3: FORGOTTEN, 4: NAME, 5: FORGOTTEN}
    after = users(ledger, Period.DAY)
    assert after.keys() == {FORGOTTEN, NAME}
    assert sum(after.values()) == pytest.approx(sum(before.values()), rel=1e-9)


def test_nothing_of_the_name_is_left_in_the_files_of_sqlite(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    ledger.upsert_jobs([job(number, NAME, 0.0) for number in range(500)], NOW)
    ledger.upsert_jobs([replace(job(number, NAME, 0.0), comment="shorter") for number in range(500)], NOW)

    def left() -> int:
        return sum(path.read_bytes().count(NAME.encode()) for path in tmp_path.iterdir())

    assert left() > 500
    assert main(["forget", NAME, "--yes", "--json", "--data-dir", str(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out) == {
        **{"user": NAME, "dry_run": False, "jobs": 500, "sessions": 0, "sums": 0, "faults": 0, "reasons": 0},
        "compacted": True,
    }
    assert left() == 0
    ledger.close()


def test_tables_are_made_anew(ledger: Ledger) -> None:
    forget_user(ledger.engine, NAME, NOW, BERLIN)
    assert compact(ledger.engine)
    assert isinstance(forget_user(ledger.engine, NAME, NOW, BERLIN), Erased)


@pytest.mark.parametrize(
    ("words", "said"),
    [((NAME,), "say --yes"), ((" ", "--yes"), "name the user"), ((NAME, "--before", "never"), "cannot read the time")],
)
def test_what_is_not_meant_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}").close()
    assert main(["forget", *words, "--data-dir", str(tmp_path)]) == 1
    assert said in capsys.readouterr().err


def test_a_dry_run_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    ledger.upsert_jobs(JOBS, NOW)
    ledger.close()
    assert main(["forget", NAME, "--dry-run", "--data-dir", str(tmp_path)]) == 0
    assert "3 jobs would be without name" in capsys.readouterr().out


class TestLogins:
    """A user with number 7 was logged in on two nodes, before and after the day."""

    UID = 7

    @pytest.fixture
    def site(self, ledger: Ledger, tmp_path: Path) -> Iterator[tuple[Ledger, DuckDBStore]]:
        ledger.note_users({self.UID: User(NAME, NOW), 8: User("trillian", NOW)})
        self.book(ledger)
        ledger.refresh_rollups(SITE)
        store = DuckDBStore(tmp_path / "samples.duckdb", "64MB")
        samples = {"ts_ms": [T0, T0 + 5 * DAY_MS, T0], "node": ["n1"] * 3, "uid": [self.UID, self.UID, 8]}
        store.write({"session": pa.table(samples | {"user": [NAME, NAME, "trillian"]})})
        yield ledger, store
        store.close()

    def book(self, ledger: Ledger) -> None:
        rows = []
        for uid, day in ((self.UID, 0), (8, 0), (self.UID, 5)):
            row = dict(zip(BOOKING_COLUMNS, booking(job(5, "", 0), uid, T0 + day * DAY_MS), strict=True))
            rows.append(tuple((row | {"account": int(Account.SESSION), "node": "n2"}).values()))
        ledger.replace_bookings(["n2"], (T0, T0 + 20 * DAY_MS), rows, [])

    def numbers(self, ledger: Ledger) -> list[int]:
        """Who had sessions on each day, the made-up number as 0."""
        of_sessions = bookings.c.account == int(Account.SESSION)
        chosen = select(bookings.c.job_ref).where(of_sessions).order_by(bookings.c.bucket_ms, bookings.c.job_ref)
        with ledger.engine.begin() as connection:
            return [ref if ref < 2**40 else 0 for ref in connection.execute(chosen).scalars()]

    def test_name_and_number_are_nowhere_any_more(self, site: tuple[Ledger, DuckDBStore]) -> None:
        ledger, store = site
        before = sums(ledger, Dimension.CLUSTER), users(ledger, Period.DAY)
        assert forget_user(ledger.engine, NAME, NOW, BERLIN).sessions == 2
        rename_waiting(store, ledger)
        ledger.refresh_rollups(SITE)
        assert self.numbers(ledger) == [8, 0, 0]
        assert NAME not in everything(ledger.engine).replace("zaphodbee", "")
        found = store.read(["n1"], 0, NOW).session.to_pylist()
        assert sorted(row["user"] for row in found) == [FORGOTTEN, FORGOTTEN, "trillian"]
        assert self.UID not in {row["uid"] for row in found}
        assert sums(ledger, Dimension.CLUSTER) == before[0]
        assert users(ledger, Period.DAY)[FORGOTTEN] == pytest.approx(before[1][NAME], rel=1e-9)
        assert renaming.waiting(ledger.engine) == []

    def test_sessions_from_a_day_on_keep_their_user(self, site: tuple[Ledger, DuckDBStore]) -> None:
        ledger, store = site
        assert forget_user(ledger.engine, NAME, T0 + 2 * DAY_MS, BERLIN).sessions == 1
        rename_waiting(store, ledger)
        assert self.numbers(ledger) == [8, 0, self.UID]
        found = store.read(["n1"], T0 + DAY_MS, NOW).session.to_pylist()
        assert [(row["uid"], row["user"]) for row in found] == [(self.UID, NAME)]

    def test_what_is_booked_before_the_samples_have_followed_follows_with_them(
        self, site: tuple[Ledger, DuckDBStore]
    ) -> None:
        ledger, store = site
        before = sums(ledger, Dimension.CLUSTER)
        forget_user(ledger.engine, NAME, NOW, BERLIN)
        ledger.note_users({self.UID: User(NAME, NOW)})
        self.book(ledger)
        rename_waiting(store, ledger)
        ledger.refresh_rollups(SITE)
        assert self.numbers(ledger) == [8, 0, 0]
        assert NAME not in everything(ledger.engine).replace("zaphodbee", "")
        assert sums(ledger, Dimension.CLUSTER) == before

    def test_after_some_time_all_sessions_are_nobodys(self, site: tuple[Ledger, DuckDBStore]) -> None:
        ledger, store = site
        while forget_older(ledger.engine, T0 + 2 * DAY_MS, BERLIN):
            rename_waiting(store, ledger)
        rename_waiting(store, ledger)
        assert self.numbers(ledger) == [0, 0, self.UID]
        found = store.read(["n1"], 0, NOW).session.to_pylist()
        assert sorted((row["ts_ms"] - T0) // DAY_MS for row in found if row["user"] == FORGOTTEN) == [0, 0]
