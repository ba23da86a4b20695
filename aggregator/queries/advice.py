"""What to change in a batch script so that a job like this reserves what it needs. Pure; silent where it is not sure.

The energy that a line would have saved is the static energy booked for what would not have been reserved. Static energy
goes by what is held (docs/method.md, Prices), so holding `n'` of `n` would have left `1 - n'/n` of it to others:

    saved = E_static * (1 - proposed / held)

of the processors for CPUs, of the memory for memory, of the boards for GPUs. Dynamic energy stays the same: the work is
the same. A shorter time limit saves no energy; it lets Slurm start the job in gaps that a longer one does not fit in.

Headroom: memory 20 % above the highest peak of any node, CPUs 10 % above the busiest quarter of an hour, time 25 %
above the longest of the jobs of its kind.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aggregator.queries.job_models import Advice, Advices, BoardUse, Comparison, GpuUse
from aggregator.queries.models import JobRow, NodeShare
from maxwatt.domain.formatting import format_duration
from maxwatt.domain.jobs import JobState
from maxwatt.domain.units import BYTES_PER_GIB, BYTES_PER_MIB

LEAST_S: Final = 600.0
"""A shorter job [s] says too little of what the next one needs."""
LEAST_COVERAGE: Final = 0.9
WORTH: Final = 0.8
"""Only what would be at most this share of what was reserved is worth a line."""

MEMORY_HEADROOM: Final = 1.2
CPU_HEADROOM: Final = 1.1
TIME_HEADROOM: Final = 1.25
TIME_LEAST_JOBS: Final = 3
"""Completed jobs of its kind, this one not counted, that a time limit needs."""
SERIAL_CPUS: Final = 1.05
"""A job that never uses more CPUs is serial."""
IDLE_BOARD: Final = 0.01
"""A board that was never busier was not used."""
_QUARTER_S: Final = 900


@dataclass(frozen=True, slots=True)
class Observed:
    """What is known of a job beside its detail.

    Args:
        busiest_cpus: most CPUs in use on any node over a quarter of an hour; None: unknown.
        exclusive: it had whole nodes, whatever it asked for: fewer CPUs or less memory would change nothing.
        gpus: None: it has none, or nothing is known of them.
        similar: jobs of its kind.
        threads_per_core: CPUs that Slurm counts for each core of its nodes; 0: unknown.
    """

    exclusive: bool
    busiest_cpus: float | None
    gpus: GpuUse | None
    similar: Comparison
    threads_per_core: int = 0


@dataclass(frozen=True, slots=True)
class Judged:
    """What of a job's detail the advice is made from; of one that `only_time` holds for, its nodes do not matter."""

    row: JobRow
    nodes: tuple[NodeShare, ...]


def advise(job: Judged, observed: Observed) -> Advices:
    """The lines to change, those that save most first."""
    silent = _silent(job.row)
    if silent:
        return Advices((), silent)
    parts = [] if observed.exclusive else [_cpus(job, observed), _memory(job), _gpus(job, observed.gpus)]
    advices = [advice for advice in (*parts, _time(job, observed.similar)) if advice is not None]
    return Advices(tuple(sorted(advices, key=lambda advice: -(advice.saves_j or 0.0))))


def only_time(row: JobRow, *, exclusive: bool) -> bool:
    """Whether nothing but the time limit can be advised on, if that."""
    return exclusive or bool(_silent(row))


def _silent(row: JobRow) -> str:
    """Why nothing can be said with certainty; empty where it can."""
    if row.end_ms is None:
        return "running"
    if row.state != JobState.COMPLETED:
        return "state"
    if row.elapsed_s < LEAST_S:
        return "short"
    if row.evidence is None or row.energy_j is None:
        return "unknown"
    return "coverage" if row.evidence.coverage < LEAST_COVERAGE else ""


def _cpus(job: Judged, observed: Observed) -> Advice | None:
    held = max((node.cpus for node in job.nodes), default=0.0)
    used = observed.busiest_cpus
    if used is None or held <= 1 or any(node.allocation_modelled for node in job.nodes):
        return None
    proposed = cpus_for(used, observed.threads_per_core)
    if proposed > WORTH * held:
        return None
    return Advice(
        "cpus", f"#SBATCH --cpus-per-task={proposed}", held, used, proposed, _saved_j(job, "cpu", proposed, held)
    )


def cpus_for(used: float, threads_per_core: int) -> int:
    """CPUs for a use: with headroom, whole cores where it is known how many CPUs those are; one for serial work."""
    wanted = 1 if used <= SERIAL_CPUS else math.ceil(used * CPU_HEADROOM)
    threads = max(threads_per_core, 1)
    return -(-wanted // threads) * threads


def _memory(job: Judged) -> Advice | None:
    peaks = [node.memory_peak_bytes for node in job.nodes]
    held = max((node.memory_bytes for node in job.nodes), default=0.0)
    known = [peak for peak in peaks if peak is not None]
    if held <= 0 or not known or len(known) < len(peaks) or max(known) <= 0:
        return None
    proposed, text = memory_for(max(known))
    if proposed > WORTH * held:
        return None
    saves_j = _saved_j(job, "dram", proposed, held)
    return Advice("memory", f"#SBATCH --mem={text}", held, max(known), proposed, saves_j)


def memory_for(peak_bytes: float) -> tuple[float, str]:
    """Memory for a peak, with headroom, in a step that people use: its size [B] and as Slurm reads it, such as `12G`.

    Steps: 256 MiB up to 1 GiB, then 1 GiB up to 16, 4 GiB up to 64, 16 GiB above.
    """
    wanted = peak_bytes * MEMORY_HEADROOM
    if wanted <= BYTES_PER_GIB * 3 / 4:
        size = math.ceil(wanted / (256 * BYTES_PER_MIB)) * 256
        return float(size * BYTES_PER_MIB), f"{size}M"
    step = next((step for most, step in ((16, 1), (64, 4)) if wanted <= most * BYTES_PER_GIB), 16)
    size = math.ceil(wanted / (step * BYTES_PER_GIB)) * step
    return float(size * BYTES_PER_GIB), f"{size}G"


def _gpus(job: Judged, use: GpuUse | None) -> Advice | None:
    """Boards that were never busy: only where each of them was seen, and all nodes hold as many."""
    if use is None or use.parts or not use.boards or len(use.boards) < use.held:
        return None
    by_node = _boards_by_node(use.boards)
    held = {len(boards) for boards in by_node.values()}
    if len(held) != 1 or any(board.highest is None for board in use.boards):
        return None
    used = max(sum((board.highest or 0.0) > IDLE_BOARD for board in boards) for boards in by_node.values())
    most = held.pop()
    if used >= most:
        return None
    return Advice(
        "gpus", f"#SBATCH --gres=gpu:{used}" if used else "", most, used, used, _saved_j(job, "gpu", used, most)
    )


def _boards_by_node(boards: Sequence[BoardUse]) -> dict[str, list[BoardUse]]:
    found: dict[str, list[BoardUse]] = {}
    for board in boards:
        found.setdefault(board.node, []).append(board)
    return found


def _time(job: Judged, similar: Comparison) -> Advice | None:
    limit_s = job.row.time_limit_s
    if not limit_s or similar.longest_s is None or similar.completed < TIME_LEAST_JOBS:
        return None
    longest_s = max(job.row.elapsed_s, similar.longest_s)
    proposed = time_for(longest_s)
    if proposed > WORTH * limit_s:
        return None
    return Advice("time", f"#SBATCH --time={format_duration(proposed)}", limit_s, longest_s, proposed, None)


def time_for(elapsed_s: float) -> int:
    """A limit [s] for a time, with headroom, up to the next quarter of an hour."""
    return math.ceil(elapsed_s * TIME_HEADROOM / _QUARTER_S) * _QUARTER_S


def _saved_j(job: Judged, component: str, proposed: float, held: float) -> float | None:
    static_j = sum(node.energy_j.get(f"{component}_static_j", 0.0) for node in job.nodes)
    return static_j * (1 - proposed / held) if static_j > 0 else None
