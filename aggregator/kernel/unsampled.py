"""CPU seconds that no sample shows: the tail of a job, jobs too short to be sampled, and jobs that cannot be read."""

import numpy as np

from aggregator.kernel.arrays import F64, FOREVER, I64, Bool, Chunk, Lives
from aggregator.kernel.counters import ACCOUNTED, MODELLED
from aggregator.kernel.holdings import Holdings
from aggregator.kernel.job_use import Increments, Sampled, life_bounds
from aggregator.kernel.meters import Meter
from aggregator.kernel.pieces import Pieces, overlaps
from aggregator.kernel.ragged import ratio, sums
from aggregator.kernel.timeline import Timeline


def tails(chunk: Chunk, timeline: Timeline, sampled: Sampled, busy: Meter, free_s: F64, max_gap_ms: int) -> Pieces:
    """What Slurm's TotalCPU knows beyond a job's last samples, capped by what the node used and no sample explains.

    TotalCPU sometimes says far more than was used, of jobs with many children above all. What it claims beyond what
    the job's own CPUs could deliver in that time therefore comes last: it gets what the others leave.

    Args:
        busy: CPU seconds of the nodes as a meter.
        free_s: [b] CPU seconds of each busy interval that no sample explains.
    """
    last, last_s = _last_sample(chunk.lives, timeline, sampled)
    want_s = _wanted(chunk.lives, sampled, last_s)
    _, high = life_bounds(chunk.lives, timeline)
    life = np.flatnonzero(settled(chunk.lives, timeline, sampled, max_gap_ms) & (want_s > 0) & (last < high))
    if not len(free_s):
        life = life[:0]
    start, end = last[life], high[life]
    owner, segment, share = overlaps(timeline, start, end)
    interval = busy.interval[segment]
    lasts_ms = share * (end - start)[owner]
    weight = free_s[interval] * busy.share[segment] * lasts_ms / timeline.length_ms[segment] if len(owner) else share
    part = ratio(weight, sums(owner, weight, len(life))[owner])
    able_s = np.minimum(want_s[life], _most_s(chunk.lives, life, end - start))
    cpu_s = _divided(able_s[owner] * part, interval, free_s)
    left_s = np.maximum(free_s - sums(interval, cpu_s, len(free_s)), 0.0)
    cpu_s += _divided((want_s[life] - able_s)[owner] * part, interval, left_s)
    return Pieces(life[owner], segment, cpu_s, ACCOUNTED)


def _most_s(lives: Lives, life: I64, lasts_ms: I64) -> F64:
    """CPU seconds that the CPUs of lives can deliver in some time; of a whole node all that it has."""
    return np.asarray(np.where(lives.exclusive[life], np.inf, lives.cpus[life] * lasts_ms / 1000))


def _divided(claim_s: F64, interval: I64, free_s: F64) -> F64:
    """What claims get of the CPU seconds of their intervals: all they ask, or in proportion where that is too much."""
    asked_s = sums(interval, claim_s, len(free_s))
    scale = np.where(asked_s > free_s, ratio(free_s, asked_s), 1.0)
    return np.asarray(claim_s * scale[interval])


def _wanted(lives: Lives, sampled: Sampled, last_s: F64) -> F64:
    """CPU seconds of TotalCPU that no sample showed, on each node of a job.

    TotalCPU is of all nodes together: it is shared in proportion to the sampled use where all nodes of the job were
    sampled, else to their CPUs.
    """
    job = _same_job(lives)
    count = len(job)
    unknown = _never_sampled(lives, sampled) | (sums(job, last_s, count) == 0)[job]
    by_cpus = (sums(job, unknown.astype(np.float64), count) > 0)[job]
    weight = np.where(by_cpus, lives.cpus, last_s)
    want_s = lives.total_cpu_s - sums(job, last_s, count)[job]
    return want_s * ratio(weight, sums(job, weight, count)[job])


def _same_job(lives: Lives) -> I64:
    """A number per life, the same for the nodes of one job."""
    return np.unique(lives.job, return_inverse=True)[1].astype(np.int64)


def _never_sampled(lives: Lives, sampled: Sampled) -> Bool:
    never = np.ones(len(lives.job), np.bool_)
    never[sampled.life] = False
    return never


def settled(lives: Lives, timeline: Timeline, sampled: Sampled, max_gap_ms: int) -> Bool:
    """Lives whose use after their last sample accounting tells: ended, TotalCPU known, sampled not too long before.

    TotalCPU is of all nodes of a job together, so all of them must be.
    """
    last, _ = _last_sample(lives, timeline, sampled)
    _, high = life_bounds(lives, timeline)
    unseen_ms = high - last
    never = _never_sampled(lives, sampled)
    lived_ms = np.where(lives.end_ms < FOREVER, lives.end_ms, lives.start_ms) - lives.start_ms
    unseen_ms = np.where(never, np.maximum(unseen_ms, lived_ms), unseen_ms)  # its start may lie before the chunk's time
    known = (lives.end_ms < FOREVER) & ~np.isnan(lives.total_cpu_s) & (unseen_ms <= max_gap_ms)
    job = _same_job(lives)
    return np.asarray(sums(job, (~known).astype(np.float64), len(job))[job] == 0)


def _last_sample(lives: Lives, timeline: Timeline, sampled: Sampled) -> tuple[I64, F64]:
    """Per life: the position of its last sample (else its start), and the CPU seconds it showed."""
    low, _ = life_bounds(lives, timeline)
    last, last_s = low.copy(), np.zeros(len(low))
    last[sampled.life] = sampled.position  # rows are in order of time: the last one stays
    last_s[sampled.life] = sampled.cpu_s
    return last, last_s


def unread(
    chunk: Chunk,
    timeline: Timeline,
    held: Holdings,
    known: Increments,
    sampled: Sampled,
    busy: Meter,
    free_s: F64,
    max_gap_ms: int,
) -> Pieces:
    """Lives whose CPU cannot be read share what the node used beyond the known, by CPUs, each at most all of its own.

    Args:
        known: increments of the lives that can be read, in order of life and time.
        free_s: [b] CPU seconds of each busy interval that nothing known explains.
    """
    life, start, end = _unread_spans(chunk.lives, timeline, known, sampled, max_gap_ms)
    owner, segment, share = overlaps(timeline, start, end)
    seconds = share * (end - start)[owner] / 1000 * (busy.covered[segment] if len(owner) else 0.0)
    life = life[owner]
    weight = seconds * _cpus_held(held, life, timeline.cell[segment])
    some = weight > 0
    life, segment, weight = life[some], segment[some], weight[some]
    interval = busy.interval[segment]
    share_s = free_s[interval] * ratio(weight, sums(interval, weight, len(free_s))[interval])
    return Pieces(life, segment, np.minimum(share_s, weight), MODELLED)


def _unread_spans(
    lives: Lives, timeline: Timeline, known: Increments, sampled: Sampled, max_gap_ms: int
) -> tuple[I64, I64, I64]:
    """Spans of each life that no increment and no settled tail covers: life, start, end."""
    low, _ = life_bounds(lives, timeline)
    high = timeline.axis.at(lives.node, lives.end_ms)
    every = np.arange(len(low))
    first, behind = np.searchsorted(known.life, every), np.searchsorted(known.life, every, side="right")
    some = behind > first
    opening_end, closing_start = high.copy(), low.copy()
    opening_end[some], closing_start[some] = known.start[first[some]], known.end[behind[some] - 1]
    apart = np.flatnonzero((known.life[1:] == known.life[:-1]) & (known.start[1:] > known.end[:-1]))
    done = settled(lives, timeline, sampled, max_gap_ms)
    opens = np.flatnonzero((opening_end > low) & (some | ~done))
    closes = np.flatnonzero(some & (high > closing_start) & ~done)
    life = np.concatenate([opens, known.life[apart], closes])
    start = np.concatenate([low[opens], known.end[apart], closing_start[closes]])
    end = np.concatenate([opening_end[opens], known.start[apart + 1], high[closes]])
    return life, start, end


def _cpus_held(held: Holdings, life: I64, cell: I64) -> F64:
    """CPUs that each life holds in each cell; 0 where it holds none."""
    entry = held.of(life, cell)
    found = np.zeros(len(life))
    found[entry >= 0] = held.cpus[entry[entry >= 0]]
    return found
