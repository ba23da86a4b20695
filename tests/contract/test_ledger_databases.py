"""Two processes on one ledger, what a reader sees, and what becomes of a password, on both databases."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from postgres_fixture import PASSWORD, Postgres
from sqlalchemy import func, select

from aggregator.ledger.ledger import Ledger
from aggregator.ledger.tables import faults, jobs
from maxwatt.domain.errors import ConfigError, SourceError
from maxwatt.domain.jobs import Allocation, JobKey, JobRecord, JobState
from maxwatt.domain.node_model import UNKNOWN_MODEL

T0 = 1_780_272_000_000
JOB = JobRecord(
    JobKey("c", 1, T0), JobState.RUNNING, user="u", allocations=(Allocation("n1", 4.0, 8e9),), source="scontrol"
)


@pytest.fixture
def two(ledger_url: str) -> Iterator[tuple[Ledger, Ledger]]:
    """What two processes would open."""
    opened = (Ledger.open(ledger_url), Ledger.open(ledger_url))
    yield opened
    for ledger in opened:
        ledger.close()


def at_once(*acts: Callable[[], object]) -> None:
    """Run all at the same time; the first thing that goes wrong is raised here."""
    problems: list[BaseException] = []

    def guarded(act: Callable[[], object]) -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001  # raised below
            problems.append(error)

    threads = [threading.Thread(target=guarded, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]


def test_two_who_report_the_same_jobs_at_once_make_one_row_each(two: tuple[Ledger, Ledger]) -> None:
    reports = [replace(JOB, key=JobKey("c", number, T0)) for number in range(200)]
    at_once(*(lambda ledger=ledger: ledger.upsert_jobs(reports, T0 + 1) for ledger in two * 2))
    with two[0].engine.begin() as connection:
        assert connection.execute(select(func.count()).select_from(jobs)).scalar() == 200


def test_two_who_count_at_once_lose_nothing(two: tuple[Ledger, Ledger]) -> None:
    at_once(*(lambda ledger=ledger: [ledger.add_fault("s", "m", T0) for _ in range(20)] for ledger in two))
    with two[0].engine.begin() as connection:
        assert connection.execute(select(faults.c.count)).scalars().all() == [40]


def test_who_reads_sees_one_moment(two: tuple[Ledger, Ledger]) -> None:
    reader, writer = two
    count = select(func.count()).select_from(jobs)
    with reader.engine.begin() as connection:
        assert connection.execute(count).scalar() == 0
        writer.upsert_jobs([JOB], T0)
        assert connection.execute(count).scalar() == 0
    assert list(reader.running()) == [JOB.key]


def test_what_a_site_may_write_is_kept_as_it_is(two: tuple[Ledger, Ledger]) -> None:
    """Names longer than any column was meant for, letters of all kinds, numbers beyond 32 bits."""
    odd = replace(JOB, user="ü" * 300, name="' \\ % \t \N{SNOWMAN}", time_limit_s=2**40, cpus=2**40, memory_bytes=2**62)
    two[0].upsert_jobs([odd], T0)
    lives = two[1].load_tenants(["n1"], T0, T0 + 1, lambda _: UNKNOWN_MODEL).lives
    assert lives.job_id.tolist() == [1]
    with two[1].engine.begin() as connection:
        found = connection.execute(select(jobs.c.user, jobs.c.name, jobs.c.time_limit_s, jobs.c.memory_bytes)).one()
    assert tuple(found) == (odd.user, odd.name, odd.time_limit_s, odd.memory_bytes)


def test_a_server_that_was_restarted_is_asked_again(postgres: Postgres, postgres_ledger: str) -> None:
    ledger = Ledger.open(postgres_ledger)
    ledger.put_fact("cluster", "c")
    postgres.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'maxwatt'")
    assert ledger.fact("cluster") == "c"
    ledger.close()


def test_a_wrong_password_is_told_without_it(postgres_ledger: str) -> None:
    wrong = postgres_ledger.replace(PASSWORD.replace(" ", "%20"), "s3cret")
    with pytest.raises(SourceError, match="password authentication failed") as told:
        Ledger.open(wrong)
    assert "s3cret" not in str(told.value)
    assert "maxwatt:***@" in str(told.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://maxwatt:s3cret@host:port/ledger",
        "postgresql+psycopg://maxwatt:s3cr@s3cret@host:port/ledger",
        "postgresql+nodriver://maxwatt:s3cret@host/ledger",
        "mysql://maxwatt:s3cret@host/ledger",
        "maxwatt:s3cret@host/ledger",
    ],
)
def test_a_url_that_cannot_be_used_is_told_without_its_password(url: str) -> None:
    with pytest.raises(ConfigError, match=r"ledger\.url") as told:
        Ledger.open(url)
    assert "s3cret" not in str(told.value)


def test_the_plain_word_postgresql_means_the_driver_that_is_installed(postgres_ledger: str) -> None:
    ledger = Ledger.open(postgres_ledger.replace("postgresql+psycopg", "postgresql"))
    assert ledger.running() == {}
    ledger.close()
