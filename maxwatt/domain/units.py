"""Units at the surface and inside: J, g, s and bytes inside; kWh, kg, h and GiB where people look."""

from typing import Final

J_PER_KWH: Final = 3.6e6
J_PER_WH: Final = 3600.0
UJ_PER_J: Final = 1e6
MS_PER_S: Final = 1000
S_PER_H: Final = 3600.0
BYTES_PER_MIB: Final = 1 << 20
BYTES_PER_GIB: Final = 1 << 30

BUCKET_MS: Final = 15 * 60 * MS_PER_S
"""Length of a ledger bucket [ms]: 15 minutes, aligned to UTC."""

DAY_MS: Final = 24 * 3600 * MS_PER_S


def kwh_from_j(energy_j: float) -> float:
    """Energy [J] in kilowatt-hours."""
    return energy_j / J_PER_KWH


def bucket_start_ms(ts_ms: int) -> int:
    """Start of the 15-minute UTC bucket [epoch ms] that holds `ts_ms`."""
    return ts_ms - ts_ms % BUCKET_MS
