"""Opening the DuckDB file, and why that may be refused."""

from pathlib import Path
from typing import Any, Final

import duckdb

from aggregator.store.tables import DATABASE
from maxwatt.domain.errors import SourceError, StoreLockedError

STORAGE_VERSION: Final = "v1.4.0"
"""Format of the file: DuckDB 1.5 and 2 both read it."""

_LOCKED: Final = ("could not set lock", "conflicting lock", "already attached", "file handle conflict")


def connect(path: Path, memory_limit: str, threads: int) -> Any:
    """A connection with the file attached as `samples`; the file and its folder are made where they are missing.

    Raises:
        StoreLockedError: another process, or another connection of this one, has the file open.
        SourceError: the file cannot be read or is no DuckDB file.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory_limit,
        "threads": threads,
        "temp_directory": f"{path}.tmp",
        # A server reaches for nothing on its own.
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = duckdb.connect(":memory:", config=config)
        connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
        quoted = str(path).replace("'", "''")
        connection.execute(f"ATTACH '{quoted}' AS {DATABASE} (STORAGE_VERSION '{STORAGE_VERSION}')")
    except OSError as error:
        reason = "is no folder" if isinstance(error, FileExistsError) else error.strerror
        raise SourceError(f"store {path}: its folder {path.parent}: {reason}; choose another --data-dir") from error
    except duckdb.Error as error:
        raise _refusal(path, error) from error
    return connection


def _refusal(path: Path, error: Exception) -> StoreLockedError | SourceError:
    text = str(error)
    if any(sign in text.lower() for sign in _LOCKED):
        holder = text.partition("(PID ")[2].partition(")")[0]
        who = f"process {holder}" if holder.isdigit() else "another process"
        return StoreLockedError(
            f"{path}: {who} has this store open, and exactly one may; stop that `maxwatt serve` or ask it instead"
        )
    return SourceError(f"{path}: cannot be opened as a store: {text}{_mend(text)}")


def _mend(text: str) -> str:
    """What a person can do about DuckDB's complaint, where it is plain."""
    if "memory" in text.lower() and "parser error" in text.lower():
        return "; mend store.memory_limit, such as 2GB"
    if "valid duckdb" in text.lower():
        return "; put a copy of it back, or move it away to begin with an empty store"
    return ""
