"""`python -m deploy.minicluster.simulator FOLDER`: simulates every node of the cluster in FOLDER until SIGTERM."""

import json
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final

from deploy.minicluster.simulator.node import SimulatedNode
from deploy.minicluster.simulator.slurm import Asker, Holding

STEP_S: Final = 0.025
HISTORY_EVERY: Final = 20
LATEST_EVERY: Final = 40
NOTHING: Final = Holding(0.0, 0.0)


def main(folder: Path) -> None:
    """Step until SIGTERM, on a fixed grid; what a late step missed is in the next one."""
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: ended.append(number))
    nodes = [SimulatedNode(node) for node in json.loads((folder / "cluster.json").read_text())["nodes"]]
    asker, started_ms = Asker(), _now_ms()
    last, count = time.monotonic(), 0
    with (folder / "truth.jsonl").open("a") as history:
        while not ended:
            count += 1
            time.sleep(max(0.0, STEP_S - time.monotonic() % STEP_S))
            last = _step(nodes, asker, last)
            if count % HISTORY_EVERY == 0:
                _append(history, nodes)
            if count % LATEST_EVERY == 0:
                _learn(nodes, asker)
                _replace(folder / "truth.json", _truth(nodes, started_ms, closed=False))
    _learn(nodes, asker)
    _replace(folder / "truth.json", _truth(nodes, started_ms, closed=True))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _step(nodes: list[SimulatedNode], asker: Asker, last: float) -> float:
    now = time.monotonic()
    for node in nodes:
        for job_id in node.step(now - last, _now_ms()):
            asker.ask(job_id)
    return now


def _learn(nodes: list[SimulatedNode], asker: Asker) -> None:
    for node in nodes:
        node.truth.learn(_answers(asker, node.name))


def _answers(asker: Asker, node: str) -> Callable[[int], Holding | None]:
    """What a job holds on `node`: None while nobody knows, nothing when nobody will ever know."""

    def answer(job_id: int) -> Holding | None:
        holdings = asker.answer(job_id)
        return None if holdings is None else holdings.get(node, NOTHING)

    return answer


def _append(history: IO[str], nodes: list[SimulatedNode]) -> None:
    row = {"t_ms": _now_ms(), "nodes": {node.name: node.truth.energy_j() for node in nodes}}
    history.write(json.dumps(row) + "\n")
    history.flush()


def _truth(nodes: list[SimulatedNode], started_ms: int, closed: bool) -> dict[str, Any]:
    """The content of truth.json; `closed` when it is the last one."""
    return {
        "simulated": True,
        "started_ms": started_ms,
        "written_ms": _now_ms(),
        "closed": closed,
        "nodes": {node.name: _node_truth(node) for node in nodes},
    }


def _node_truth(node: SimulatedNode) -> dict[str, Any]:
    truth = node.truth
    return {
        "energy_j": truth.energy_j(),
        "job_cpu_s": truth.total_ns / 1e9,
        "system_cpu_s": truth.system_ns / 1e9,
        "accounts": truth.accounts(),
        "jobs": truth.jobs(),
    }


def _replace(path: Path, content: dict[str, Any]) -> None:
    new = path.with_suffix(".new")
    new.write_text(json.dumps(content))
    new.replace(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
