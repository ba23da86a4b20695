"""What Slurm allocated to a job on each node: asked once per job, in a thread of its own."""

import re
import subprocess
import threading
import time
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Final

GIVE_UP_S: Final = 120.0
_UNITS_MIB: Final = {"": 1.0, "K": 1 / 1024, "M": 1.0, "G": 1024.0, "T": 1024.0 * 1024}


@dataclass(frozen=True, slots=True)
class Holding:
    """What a job holds on one node: CPUs, memory [MiB]; `even` when only totals were known and were split evenly."""

    cpus: float
    memory_mib: float
    even: bool = False


def parse_job(text: str, job_id: int) -> dict[str, Holding]:
    """Node to holding from `scontrol show job -d`, empty when it has none.

    An array's or a het job's other members are in the same answer: only the block of this very id counts.
    """
    blocks = [block for block in re.split(r"\n\s*\n", text) if re.search(rf"\bJobId={job_id}\b", block)]
    if not blocks:
        return {}
    found = {}
    for match in re.finditer(r"\bNodes=(\S+) CPU_IDs=(\S+) Mem=(\d+)", blocks[0]):
        for node in expand(match[1]):
            found[node] = Holding(_count(match[2]), float(match[3]))
    return found or _evenly(blocks[0])


def _evenly(block: str) -> dict[str, Holding]:
    """An ended job shows no detail: split its totals."""
    nodes = re.search(r"\bNodeList=([^(\s]\S*)", block)
    tres = re.search(r"\bTRES=cpu=(\d+),mem=([\d.]+)([KMGT]?)", block)
    if not nodes or not tres:
        return {}
    names = expand(nodes[1])
    memory_mib = float(tres[2]) * _UNITS_MIB[tres[3]]
    return {name: Holding(int(tres[1]) / len(names), memory_mib / len(names), True) for name in names}


def _count(ids: str) -> int:
    """How many numbers `0-3,6` names."""
    spans = [span.split("-") for span in ids.split(",")]
    return sum(int(span[-1]) - int(span[0]) + 1 for span in spans)


def expand(nodes: str) -> list[str]:
    """Names of a compact host list such as `a-n[01-02,04],b-n01`."""
    names = []
    for prefix, inner in re.findall(r"([^,\[]+)(?:\[([^\]]+)\])?", nodes):
        for span in inner.split(",") if inner else [""]:
            first, _, last = span.partition("-")
            width = len(first)
            numbers = range(int(first), int(last or first) + 1) if first else ()
            names += [f"{prefix}{number:0{width}}" for number in numbers] or [prefix]
    return names


class Asker:
    """Answers what jobs hold, without ever making the caller wait."""

    def __init__(self) -> None:
        self._questions: SimpleQueue[tuple[int, float]] = SimpleQueue()
        self._answers: dict[int, dict[str, Holding]] = {}
        threading.Thread(target=self._work, daemon=True).start()

    def ask(self, job_id: int) -> None:
        """Find out about a job; one that was requeued is asked about again."""
        self._answers.pop(job_id, None)
        self._questions.put((job_id, time.monotonic() + GIVE_UP_S))

    def answer(self, job_id: int) -> dict[str, Holding] | None:
        """Node to holding, empty when Slurm never told, None while it has not told yet."""
        return self._answers.get(job_id)

    def _work(self) -> None:
        while True:
            job_id, deadline = self._questions.get()
            holdings = parse_job(_scontrol(job_id), job_id)
            if holdings or time.monotonic() > deadline:
                self._answers[job_id] = holdings
            else:  # the controller is away for a moment
                self._questions.put((job_id, deadline))
                time.sleep(0.3)


def _scontrol(job_id: int) -> str:
    command = ["/usr/bin/scontrol", "show", "job", "-d", str(job_id)]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=5, check=False).stdout
    except subprocess.TimeoutExpired:
        return ""
