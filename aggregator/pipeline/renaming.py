"""Samples of logins follow the ledger: of who is forgotten they keep neither number nor name."""

from aggregator.ledger import renaming
from aggregator.ledger.ledger import Ledger
from maxwatt.domain.ports import Store
from maxwatt.domain.privacy import FORGOTTEN


def rename_waiting(store: Store, ledger: Ledger) -> None:
    """Give the sessions of forgotten users to nobody, in the store and in what was booked from it meanwhile.

    Raises:
        SourceError: the store could not be written; what is left is done with the next call.
    """
    for each in renaming.waiting(ledger.engine):
        store.rename_user(each.uid, each.pseudonym, FORGOTTEN, each.before_ms)
        renaming.finish(ledger.engine, each)
