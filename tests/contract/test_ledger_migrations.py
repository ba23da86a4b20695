"""Migrations make exactly the tables that the program describes, from nothing and from every earlier version."""

import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect, select

from aggregator.ledger import facts, migrations
from aggregator.ledger.ledger import Ledger
from aggregator.ledger.tables import SCHEMA_VERSION, jobs, metadata
from maxwatt.domain.errors import ConfigError

pytestmark = pytest.mark.filterwarnings("ignore:.*expression-based index")  # on SQLite; PostgreSQL's are compared
MIGRATIONS = Path(migrations.__file__).parent
VERSION_1 = Path(__file__).parents[1] / "fixtures" / "ledger" / "version_1.sql"


@pytest.fixture
def old(tmp_path: Path) -> str:
    """A ledger with a few rows, as version 1 made it."""
    connection = sqlite3.connect(tmp_path / "ledger.sqlite")
    connection.executescript(VERSION_1.read_text())
    connection.close()
    return f"sqlite:///{tmp_path / 'ledger.sqlite'}"


def drift(connection: Connection) -> list[tuple[Any, ...]]:
    """How the tables that are there differ from those described. Comments and Alembic's own table do not count."""
    compared = compare_metadata(MigrationContext.configure(connection), metadata)
    changes = [change for each in compared for change in (each if isinstance(each, list) else [each])]
    differing: list[tuple[Any, ...]] = [change for change in changes if "comment" not in change[0]]
    for table in metadata.sorted_tables:
        wanted = {column.name for column in table.primary_key.columns}
        if set(inspect(connection).get_pk_constraint(table.name)["constrained_columns"]) != wanted:
            differing.append(("primary key", table.name))
    return differing


def test_new_tables_are_exactly_those_described(new_ledger_url: str) -> None:
    """Whoever changes `tables` changes the newest migration with it."""
    ledger = Ledger.open(new_ledger_url)
    with ledger.engine.begin() as connection:
        assert drift(connection) == []
    assert ledger.fact("schema_version") == str(SCHEMA_VERSION)
    ledger.close()


def test_a_column_that_no_migration_makes_is_noticed(new_ledger_url: str) -> None:
    ledger = Ledger.open(new_ledger_url)
    with ledger.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE nodes ADD COLUMN colour VARCHAR(8)")
        connection.exec_driver_sql("DROP INDEX jobs_start")
        assert [each[0] for each in drift(connection)] == ["add_index", "remove_column"]
    ledger.close()


def test_a_ledger_from_before_migrations_is_brought_up_and_keeps_its_rows(old: str) -> None:
    ledger = Ledger.open(old)
    with ledger.engine.begin() as connection:
        # SQLite has one type for whole numbers and one for texts, whatever they were declared as.
        assert [change for change in drift(connection) if change[0] != "modify_type"] == []
        assert [tuple(row) for row in connection.execute(select(jobs.c.job_id, jobs.c.user))] == [(1, "u"), (2, "u")]
        assert connection.exec_driver_sql("SELECT count(*), sum(cpu_static_j) FROM bookings").one() == (2, 20.0)
    assert (ledger.fact("cluster"), ledger.fact("schema_version")) == ("c", str(SCHEMA_VERSION))
    ledger.close()


def test_a_ledger_of_each_version_is_brought_up(new_ledger_url: str) -> None:
    engine = create_engine(new_ledger_url)
    if engine.dialect.name == "sqlite":
        Path(str(engine.url.database)).parent.mkdir(exist_ok=True)
    with engine.begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(MIGRATIONS))
        command.upgrade(config, "0002")
        facts.put(connection, "schema_version", "2")
    engine.dispose()
    ledger = Ledger.open(new_ledger_url)
    with ledger.engine.begin() as connection:
        assert drift(connection) == []
    assert ledger.fact("schema_version") == str(SCHEMA_VERSION)
    ledger.close()


def test_bookings_lie_in_the_order_of_their_key(old: str) -> None:
    ledger = Ledger.open(old)
    with ledger.engine.begin() as connection:
        for name in ("bookings", "measured"):
            made = "SELECT sql FROM sqlite_master WHERE name = ?"
            assert "WITHOUT ROWID" in connection.exec_driver_sql(made, (name,)).scalar_one()
            assert inspect(connection).get_pk_constraint(name)["constrained_columns"][:2] == ["bucket_ms", "node"]
    ledger.close()


def open_at_once(url: str) -> list[Exception]:
    """What goes wrong when eight threads open a ledger at the same time."""
    problems: list[Exception] = []

    def open_it() -> None:
        try:
            Ledger.open(url).close()
        except Exception as error:  # noqa: BLE001  # shown by the assertions
            problems.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return problems


def test_many_who_open_an_old_ledger_at_once_upgrade_it_once(old: str) -> None:
    assert open_at_once(old) == []


def test_many_who_open_a_new_ledger_at_once_make_it_once(new_ledger_url: str) -> None:
    assert open_at_once(new_ledger_url) == []


@pytest.mark.parametrize("version", ["99", "something else"])
def test_a_newer_or_unknown_ledger_is_refused_and_left_alone(new_ledger_url: str, version: str) -> None:
    ledger = Ledger.open(new_ledger_url)
    ledger.put_fact("schema_version", version)
    with pytest.raises(ConfigError, match=f"version {version}"):
        Ledger.open(new_ledger_url)
    assert ledger.fact("schema_version") == version
    ledger.close()


def test_an_upgrade_that_fails_leaves_the_ledger_as_it_was(old: str) -> None:
    connection = sqlite3.connect(old.removeprefix("sqlite:///"))
    connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32))")
    connection.execute("INSERT INTO alembic_version VALUES ('no such version')")
    connection.commit()
    with pytest.raises(ConfigError, match="no such version"):
        Ledger.open(old)
    assert connection.execute("SELECT value FROM about WHERE key = 'schema_version'").fetchone() == ("1",)
    connection.close()


def test_the_version_is_that_of_the_newest_migration(new_ledger_url: str) -> None:
    ledger = Ledger.open(new_ledger_url)
    with ledger.engine.begin() as connection:
        (found,) = connection.exec_driver_sql("SELECT version_num FROM alembic_version").one()
        assert int(found) == SCHEMA_VERSION
    assert ledger.fact("schema_version") == found.lstrip("0")
    ledger.close()


def test_factors_of_old_bookings_keep_their_numbers_and_everything_is_valued_again(old: str) -> None:
    ledger = Ledger.open(old)
    with ledger.engine.begin() as connection:
        joined = "SELECT factor_id, i.value, i.zone, p.value, market_id, price_id FROM factors "
        joined += "JOIN figures i ON i.figure_id = intensity_id JOIN figures p ON p.figure_id = pue_id"
        assert connection.exec_driver_sql(joined).all() == [(1, 344.0, "DE", 1.2, 0, 0)]
    t0 = 1_780_272_000_000
    assert [(each.start_ms, each.end_ms) for each in ledger.values.waiting()] == [(t0, t0 + 4 * 900_000)]
    ledger.close()
