"""A reading of which a part failed."""

from collections.abc import Sequence

from maxwatt.domain.errors import SourceError
from maxwatt.domain.samples import Sample


class PartialReadingError(SourceError):
    """Some of a source could not be read; the rest stands in `rows` and is kept.

    Args:
        faults: what could not be read, one sentence each.
        rows: what could.
    """

    def __init__(self, faults: Sequence[str], rows: Sequence[Sample]) -> None:
        super().__init__("; ".join(faults))
        self.rows = rows
