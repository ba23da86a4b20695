"""What the full method books, retention and erasure. To grow until this version is released, see docs/ledger.md.

A column that is added is nullable or has a `server_default`: there are rows already.
"""

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the tables and columns of version 2."""
    _jobs()
    _allocations()
    _nodes()
    _bookings()
    _factors()
    _new_tables()


def _jobs() -> None:
    pass


def _allocations() -> None:
    pass


def _nodes() -> None:
    pass


def _bookings() -> None:
    pass


def _factors() -> None:
    pass


def _new_tables() -> None:
    pass
