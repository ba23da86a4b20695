"""Which store a site has: one line of its configuration."""

from collections.abc import Callable
from typing import Final

from aggregator.store.duckdb import DuckDBStore
from maxwatt.config import Settings
from maxwatt.domain.ports import Store

STORES: Final[dict[str, Callable[[Settings], Store]]] = {
    "duckdb": lambda settings: DuckDBStore(settings.store_path, settings.store.memory_limit),
}
"""`[store] kind` to what opens it. The contract suite runs over every entry."""


def open_store(settings: Settings) -> Store:
    """The store that `settings.store.kind` names.

    Raises:
        StoreLockedError: another process has it open.
        SourceError: it cannot be opened.
    """
    return STORES[settings.store.kind](settings)
