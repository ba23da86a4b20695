"""Jobs of a made-up cluster over months, seeded, as one Arrow table: lanes that are always busy.

Each node has four quarters of 32 CPUs. Two hold jobs of one node, one holds jobs of four nodes, one a job of all nodes.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from maxwatt.domain.units import BUCKET_MS, DAY_MS, bucket_start_ms

CLUSTER = "bench"
CPUS, QUARTER_CPUS, MEMORY, GPUS = 128, 32, 512 << 30, 2
USERS, ACCOUNTS, NAMES = 400, 40, 300
FIRST_ID = 1_000_000
RESTED = 0.06
"""Part of a lane's time in which nothing runs."""


@dataclass(frozen=True, slots=True)
class Size:
    """What is made.

    Args:
        jobs: how many, over `months` x 30 days.
        days: the newest UTC days of which there are buckets of 15 minutes and samples; older ones are folded.
        step_s: seconds between two samples.
        end_ms: up to when everything is there [epoch ms UTC], the end of a bucket.
    """

    jobs: int
    months: int
    nodes: int
    days: int
    step_s: int
    end_ms: int

    @property
    def first_ms(self) -> int:
        return self.full_ms - (self.months * 30 - self.days) * DAY_MS

    @property
    def full_ms(self) -> int:
        """From here on there are buckets and samples: a UTC midnight."""
        return self.end_ms - self.end_ms % DAY_MS - (self.days - 1) * DAY_MS


def node_names(count: int) -> list[str]:
    return [f"wn{n:04d}" for n in range(count)]


def jobs(size: Size) -> pa.Table:
    """A row per job, in order of start: `job_ref`, its lane, time, use (0..1), and what Slurm knows of it."""
    rng = np.random.default_rng(1)
    lane, first_node, nodes = _lanes(size.nodes)
    owner = np.repeat(lane, _jobs_of_lanes(nodes, size.jobs))
    start, end = _times(rng, owner, size)
    order = np.argsort(start, kind="stable")
    owner, start, end = owner[order], start[order], end[order]
    ref = np.arange(1, len(owner) + 1)
    running = end >= size.end_ms - 1000
    user = np.minimum(rng.zipf(1.3, len(ref)) - 1, USERS - 1)
    array = np.where((ref // 40) % 10 == 0, FIRST_ID + ref - ref % 40, -1)
    return pa.table(
        {
            "job_ref": ref, "job_id": FIRST_ID + ref, "start_ms": start, "end_ms": end, "running": running,
            "submit_ms": start - rng.integers(1_000, 4_000_000, len(ref)), "first_node": first_node[owner],
            "nodes": nodes[owner], "use": np.round(rng.beta(4, 2, len(ref)), 4),
            "user": _words("u", user, USERS), "account": _words("proj", user % ACCOUNTS, ACCOUNTS),
            "name": _words("relax_", rng.integers(0, NAMES, len(ref)), NAMES),
            "partition": pa.array(["shared", "multi", "wide"]).take(
                pa.array(np.searchsorted([2, 5], nodes[owner], "right"))
            ),
            "qos": pa.array(["normal", "long", "debug"]).take(pa.array(rng.choice(3, len(ref), p=[0.8, 0.15, 0.05]))),
            "state": _states(rng, running), "array_job_id": pa.array(array, mask=array < 0),
            "array_task_id": pa.array(ref % 40, mask=array < 0),
        }
    )  # fmt: skip


def newest_bucket_end(now_ms: int) -> int:
    """A quarter of an hour before the present: the bucket before that under way is over as well."""
    return bucket_start_ms(now_ms) - BUCKET_MS


def _lanes(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Number, first node and number of nodes of each lane."""
    four = np.arange(0, count - 3, 4)
    first = np.concatenate([np.arange(count), np.arange(count), four, [0]])
    nodes = np.concatenate([np.ones(2 * count, np.int64), np.full(len(four), 4), [count]])
    return np.arange(len(first)), first, nodes


def _jobs_of_lanes(nodes: np.ndarray, total: int) -> np.ndarray:
    """The larger its jobs, the longer they take."""
    weight = 1 / np.sqrt(nodes)
    count = np.maximum(2, np.floor(total * weight / weight.sum()).astype(np.int64))
    count[: max(0, total - count.sum())] += 1
    return count


def _times(rng: np.random.Generator, owner: np.ndarray, size: Size) -> tuple[np.ndarray, np.ndarray]:
    """Start and end of each job: lengths as they fall, stretched so that each lane is filled to the end."""
    length = rng.lognormal(0, 1.1, len(owner))
    edge = np.concatenate([[0.0], np.cumsum(length)])
    first = np.searchsorted(owner, owner, "left")
    last = np.searchsorted(owner, owner, "right")
    scale = (size.end_ms - size.first_ms) / (edge[last] - edge[first])
    start = size.first_ms + (edge[:-1] - edge[first]) * scale
    end = size.first_ms + (edge[1:] - edge[first]) * scale
    ends = np.minimum(np.round(end).astype(np.int64), size.end_ms)
    starts = np.minimum(np.round(start + RESTED * (end - start)).astype(np.int64), ends - 1)
    return starts, ends


def _states(rng: np.random.Generator, running: np.ndarray) -> pa.Array:
    words = pa.array(["COMPLETED", "FAILED", "TIMEOUT", "CANCELLED", "OUT_OF_MEMORY", "RUNNING"])
    ended = rng.choice(5, len(running), p=[0.86, 0.06, 0.04, 0.03, 0.01])
    return words.take(pa.array(np.where(running, 5, ended)))


def _words(stem: str, numbers: np.ndarray, count: int) -> pa.Array:
    return pa.array([f"{stem}{n:03d}" for n in range(count)]).take(pa.array(numbers))
