"""What is booked of a job on all of its nodes together: from its totals, as long as they follow its bookings."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, bindparam, select

from aggregator.ledger.rows import plain_dicts
from aggregator.ledger.tables import job_totals
from aggregator.queries.models import JobSums, NodeShare
from maxwatt.domain.energy import ENERGY_COLUMNS

_TOTALS: Final = select(job_totals).where(job_totals.c.job_ref == bindparam("job_ref"))


class Booked(NamedTuple):
    """The sums, and what making the nodes emitted [g], None where no model says it."""

    sums: JobSums
    embodied_g: float | None


def booked_in_totals(connection: Connection, job_ref: int, nodes: int, *, everywhere: bool) -> Booked:
    """The sums of a job whose totals are up to date.

    Args:
        nodes: how many the job has.
        everywhere: something is booked on each of them; else nobody knows what it used there.
    """
    found = plain_dicts(connection, _TOTALS, {"job_ref": job_ref})
    if not found:
        return Booked(JobSums({}, None, None), None)
    (total,) = found
    energy_j = {name: total[name] for name in ENERGY_COLUMNS}
    cpu_known = everywhere and total["cpu_unknown_s"] == 0 and total["cpu_reserved_s"] > 0
    embodied_known = total["embodied_unknown_s"] == 0 and total["share_s"] > 0
    return Booked(
        JobSums(
            energy_j if total["covered_s"] > 0 or any(energy_j.values()) else {},
            total["cpu_used_s"] if cpu_known else None,
            total["memory_peak_bytes"] if total["peak_nodes"] == nodes else None,
        ),
        total["embodied_g"] if embodied_known else None,
    )


def sums_of(shares: Sequence[NodeShare]) -> JobSums:
    """The same from what is booked on each node."""
    booked = [share.energy_j for share in shares if share.energy_j]
    return JobSums(
        {name: sum(energy_j[name] for energy_j in booked) for name in ENERGY_COLUMNS} if booked else {},
        _sum_known([share.cpu_used_s for share in shares]),
        _sum_known([share.memory_peak_bytes for share in shares]),
    )


def _sum_known(values: Sequence[Any]) -> float | None:
    """Sum when every value is known: a sum with a hole would be too low."""
    return None if not values or None in values else float(sum(values))
