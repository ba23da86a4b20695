"""Bringing the tables to the version that this program writes: new ones, or those of an earlier version."""

import threading
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, inspect

from aggregator.ledger import facts
from aggregator.ledger.tables import SCHEMA_VERSION, about
from maxwatt.domain.errors import ConfigError

_VERSION_KEY: Final = "schema_version"
_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_BEFORE_MIGRATIONS: Final = "0001"
"""Revision of a ledger that was made before there were migrations; its `schema_version` is 1."""

_ONE_AT_A_TIME: Final = threading.Lock()  # Alembic keeps what it works on in its modules


def upgrade(engine: Engine, writing: Engine, shown: str) -> None:
    """Make or upgrade the tables, all in one transaction; who opens at the same time waits and finds it done.

    Args:
        engine, writing: the same database, for transactions that read and that write.
        shown: the database's name for errors.

    Raises:
        ConfigError: a newer maxwatt wrote the tables, or their version is none.
    """
    with engine.begin() as connection:  # most often they are right, and who only reads need not wait for a writer
        if _version(connection, shown) == SCHEMA_VERSION:
            return
    with writing.begin() as connection:
        before = _version(connection, shown)
        if before != SCHEMA_VERSION:
            with _ONE_AT_A_TIME:
                _migrate(connection, before, shown)
            facts.put(connection, _VERSION_KEY, str(SCHEMA_VERSION))


def _version(connection: Connection, shown: str) -> int:
    """Version of the tables, 0 where there are none."""
    if not inspect(connection).has_table(about.name):
        return 0
    found = facts.get(connection, _VERSION_KEY)
    if found is None or not found.isdecimal() or int(found) > SCHEMA_VERSION:
        raise ConfigError(
            f"ledger {shown} has tables of version {found}, this maxwatt knows versions up to {SCHEMA_VERSION}: "
            "use the maxwatt that wrote it, or a newer one"
        )
    return int(found)


def _migrate(connection: Connection, before: int, shown: str) -> None:
    # Only here: a ledger whose tables are right is opened without Alembic, which takes longer to load than to ask.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    try:
        if before == 1:
            command.stamp(config, _BEFORE_MIGRATIONS)
        command.upgrade(config, "head")
    except CommandError as error:
        raise ConfigError(f"ledger {shown}: no way to tables of version {SCHEMA_VERSION}: {error}") from error
