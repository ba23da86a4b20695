"""What bookings are summed up by, and which sums are kept."""

from enum import IntEnum
from typing import Final

from maxwatt.domain.energy import ENERGY_COLUMNS, EVIDENCE_COLUMNS


class Dimension(IntEnum):
    """Whose sums a rollup holds. The numbers are stored: never renumber."""

    CLUSTER = 0
    USER = 1
    ACCOUNT = 2
    PARTITION = 3
    QOS = 4
    ARRAY = 5
    NODE = 6
    NODE_GROUP = 7


JOB_DIMENSIONS: Final = (Dimension.USER, Dimension.ACCOUNT, Dimension.PARTITION, Dimension.QOS, Dimension.ARRAY)
"""Those that a job belongs to one of."""

NODE_DIMENSIONS: Final = (Dimension.NODE, Dimension.NODE_GROUP)
"""Those that a node belongs to one of: all accounts of its energy are summed, idle too."""

VALUE_COLUMNS: Final = ("co2_g", "co2_market_g", "cost")
"""What a booking weighs [g], location- and market-based, and costs; null: no factor, no contract, no tariff."""


def unknown_of(name: str) -> str:
    """The sum that says of how many joules a value is not known."""
    return f"{name.removesuffix('_g')}_unknown_j"


SUMS: Final = (
    *ENERGY_COLUMNS,
    *EVIDENCE_COLUMNS,
    "spread_j",
    "held_s",
    "covered_s",
    "cpu_reserved_s",
    "cpu_used_s",
    "cpu_unknown_s",
    "waste_j",
    "waste_unknown_j",
    "co2_g",
    "co2_unknown_j",
    "co2_market_g",
    "co2_market_unknown_j",
    "cost",
    "cost_unknown_j",
    "share_s",
    "embodied_g",
    "embodied_unknown_s",
)
"""Sums that add up over time and over names.

`spread_j` is the sum of |E| x relative uncertainty. What may be unknown is summed where it is known, and beside it
stands of how much it is not: CPU seconds reserved whose use is unknown, joules whose waste, CO2 or cost is,
node-seconds whose embodied carbon is.
"""
