"""Read models on a terminal and as JSON: one place for columns, evidence and names of keys."""

import dataclasses
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from aggregator.queries.figure_words import mean_value, origin_text
from aggregator.queries.models import Evidence, FigureUse, Status
from maxwatt.domain.carbon import Quantity
from maxwatt.domain.formatting import UNKNOWN, format_number, format_share, format_time, iso_time

PIPE_WIDTH: Final = 240
"""Columns of a table that no terminal shows: nothing is cut for `grep`."""

_WEAKER_KINDS: Final = ("interpolated", "accounted", "modelled")
_WORTH_TELLING: Final = 0.005


def evidence_text(evidence: Evidence | None) -> str:
    """What a figure says about itself, the unremarkable left out: `±4 %, 12 % modelled, 97 % covered, provisional`."""
    if evidence is None:
        return "not booked"
    notes = [f"±{format_share(evidence.uncertainty)}"]
    for kind in _WEAKER_KINDS:
        share = evidence.shares.get(kind, 0.0)
        if share >= _WORTH_TELLING:
            notes.append(f"{format_share(share)} {kind}")
    if evidence.coverage < 1 - _WORTH_TELLING:
        notes.append(f"{format_share(evidence.coverage)} covered")
    return ", ".join([*notes, *(["provisional"] if evidence.provisional else [])])


def cost_text(cost: float | None, currency: str) -> str:
    """An amount of money to three significant digits."""
    return UNKNOWN if cost is None else f"{format_number(cost)} {currency}"


def figure_text(figures: Sequence[FigureUse], quantity: Quantity, unit: str) -> str:
    """What grams or money were computed with: ` at 344 g/kWh, ember-owid DE 2024 (average, lifecycle, static)`."""
    mean = mean_value(figures, quantity)
    return "" if mean is None else f" at {format_number(mean)} {unit}, {origin_text(figures, quantity)}"


def clean(text: str) -> str:
    """Text from users' jobs without what a terminal would obey."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def header_lines(status: Status) -> list[str]:
    """What stands above every answer: whether it is simulated, and how far the ledger is booked."""
    lines = [f"SIMULATED: {clean(status.cluster)} is no real cluster"] if status.simulated else []
    booked = "nothing booked yet"
    if status.booked_until_ms is not None:
        booked = f"booked until {format_time(status.booked_until_ms, status.timezone)}"
    return [*lines, f"cluster {clean(status.cluster)}, {booked}"]


def print_table(columns: Mapping[str, str], rows: Iterable[Sequence[str]]) -> None:
    """An aligned table on standard output.

    Args:
        columns: head to justification, `left` or `right`.
        rows: one text per column.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for head, justify in columns.items():
        table.add_column(head, justify="right" if justify == "right" else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(clean(cell)) for cell in row))
    print()
    Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False).print(table)


def print_pairs(pairs: Iterable[tuple[str, str]]) -> None:
    """Label and value, the values aligned."""
    shown = list(pairs)
    width = max((len(label) for label, _ in shown), default=0)
    for label, value in shown:
        print(f"{label:<{width}}  {clean(value)}")


def print_json(document: Mapping[str, Any], zone: str) -> None:
    """A document as indented JSON; see `as_json`."""
    print(json.dumps(as_json(document, zone), indent=2, ensure_ascii=False, allow_nan=False))


def as_json(value: Any, zone: str) -> Any:
    """Read models as JSON values: units stay in the keys, `start_ms` gets an ISO `start` with offset beside it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return as_json(fields, zone)
    if isinstance(value, Mapping):
        document: dict[str, Any] = {}
        for key, item in value.items():
            document[key] = as_json(item, zone)
            if key.endswith("_ms") and (item is None or isinstance(item, int)):
                document[key.removesuffix("_ms")] = iso_time(item, zone)
        return document
    if isinstance(value, list | tuple):
        return [as_json(item, zone) for item in value]
    return value
