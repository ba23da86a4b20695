"""A PostgreSQL server of the tests' own, on a socket in a folder of its own, and empty databases in it."""

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, delete, text

from aggregator.ledger.ledger import Ledger
from aggregator.ledger.tables import about

PASSWORD = "not to be shown"
"""Of the ledger's role."""

_SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=64MB", "listen_addresses=",
             "autovacuum=off", "jit=off")  # fmt: skip

_USED = text(
    "SELECT relname FROM pg_stat_user_tables"
    " WHERE pg_relation_size(relid) > 0 AND relname NOT IN ('about', 'alembic_version')"
)
"""Tables that something was ever written to. To empty the others as well takes three times as long."""


@dataclass(frozen=True)
class Postgres:
    """A running server: the superuser is `postgres`, the ledger's role `maxwatt` may only what the docs give it."""

    folder: Path
    process: subprocess.Popen[bytes]
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def new_database(self) -> str:
        """URL of a new empty database, made as docs/ledger.md says."""
        name = f"ledger_{next(self.numbers)}"
        self.execute(
            f"CREATE DATABASE {name} OWNER maxwatt TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'",
            f"REVOKE ALL ON DATABASE {name} FROM PUBLIC",
        )
        return f"postgresql+psycopg://maxwatt:{PASSWORD.replace(' ', '%20')}@/{name}?host={self.folder}"

    def drop_database(self, url: str) -> None:
        name = url.partition("@/")[2].partition("?")[0]
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def execute(self, *statements: str) -> None:
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    @property
    def conninfo(self) -> str:
        return f"host={self.folder} user=postgres password=postgres dbname=postgres"


def program(name: str) -> str | None:
    """Path of one of PostgreSQL's programs; Debian keeps them beside each other, by version."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else shutil.which(name)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for the session; skipped where PostgreSQL is not installed, which in CI is a failure."""
    if program("initdb") is None or program("postgres") is None:
        missing = "PostgreSQL is not installed (Debian package postgresql)"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    server = _start(folder)
    yield server
    server.process.send_signal(signal.SIGINT)  # its fast shutdown
    server.process.wait(timeout=30)
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def _postgres_tables(postgres: Postgres) -> Iterator[tuple[str, Engine]]:
    """A database with the ledger's tables: to make them anew for each test takes longer than most tests."""
    url = postgres.new_database()
    Ledger.open(url).close()
    engine = create_engine(url, pool_pre_ping=True)  # a test ends all connections
    yield url, engine
    engine.dispose()
    postgres.drop_database(url)


@pytest.fixture
def postgres_ledger(_postgres_tables: tuple[str, Engine]) -> str:
    """URL of a ledger without rows."""
    url, engine = _postgres_tables
    with engine.begin() as connection:
        if used := connection.scalars(_USED).all():  # also a table whose rows are gone: its next number is not 1
            connection.exec_driver_sql(f"TRUNCATE {', '.join(used)} RESTART IDENTITY")
        connection.execute(delete(about).where(about.c.key != "schema_version"))
    return url


def _start(folder: Path) -> Postgres:
    # The server refuses root: root gives it to somebody who may nothing.
    user = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    (folder / "password").write_text("postgres")
    for path in (folder, folder / "password"):
        os.chown(path, user.pw_uid, user.pw_gid)
    given = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if os.getuid() == 0 else {}
    options = ("-U", "postgres", "-A", "scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
    words = [program("initdb"), "-D", str(folder / "data"), *options, f"--pwfile={folder / 'password'}"]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, cwd=folder, **given)  # type: ignore[call-overload]
    settings = [word for each in _SETTINGS for word in ("-c", each)]
    words = [program("postgres"), "-D", str(folder / "data"), "-k", str(folder), *settings]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log, cwd=folder, **given)  # type: ignore[call-overload]
    server = Postgres(folder, process)
    _wait(server)
    server.execute(f"CREATE ROLE maxwatt LOGIN PASSWORD '{PASSWORD}'")
    return server


def _wait(server: Postgres) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            return server.execute("SELECT 1")
        except psycopg.OperationalError:
            if server.process.poll() is not None or time.monotonic() > end:
                raise AssertionError((server.folder / "log").read_text()) from None
            time.sleep(0.05)
