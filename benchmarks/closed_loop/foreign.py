"""Three rules found elsewhere, on the same samples and Slurm records. Pure.

All are given more than they have where they stand: GPUs go to their holders, and a node without a whole-node meter
gets the rest of its node model.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from maxwatt.domain.jobs import Allocation, JobRecord
from maxwatt.domain.node_model import NodeModel

F64 = NDArray[np.float64]
Tables = Mapping[str, pa.Table]


def by_cpu_share(sent: Tables, model: NodeModel, here: Sequence[JobRecord]) -> F64:
    """[jobs] All energy of each interval by the jobs' CPU seconds in it: idle power falls on whoever is active.

    Args:
        sent: samples of one node; model: of this node; here: jobs on it.
    """
    at_ms, job = sent["node"]["ts_ms"].to_numpy(), sent["job"]
    energy_j = np.diff(_whole_j(sent, model) - _boards_j(sent), prepend=np.nan)
    ids, row = job["job_id"].to_numpy(), np.searchsorted(at_ms, job["ts_ms"].to_numpy())
    used_s = np.maximum(np.diff(job["cpu_seconds_total"].to_numpy(), prepend=0), 0)
    first = np.flatnonzero(np.diff(ids, prepend=-1))
    used_s[first] = job["cpu_seconds_total"].to_numpy()[first]
    all_s = np.bincount(row, used_s, len(at_ms))
    price = np.where(all_s > 0, np.nan_to_num(np.maximum(energy_j, 0)) / np.maximum(all_s, 1e-9), 0)
    by_id = dict(zip(ids[first].tolist(), np.add.reduceat(price[row] * used_s, first).tolist(), strict=True))
    boards_j = [_boards_of_j(sent, _held(record, model.nodes[0]), record) for record in here]
    return np.array([by_id.get(record.key.job_id, 0.0) for record in here]) + boards_j


def by_tdp(cpus: int, model: NodeModel, here: Sequence[JobRecord]) -> F64:
    """[jobs] Full power of what was allocated, times its time, times a PUE of 1.

    Args:
        cpus: of the node.
    """
    found = []
    for record in here:
        held = _held(record, model.nodes[0])
        watts = held.cpus / cpus * model.cpu_max_w + len(held.gpus) * model.gpu_max_w
        found.append(watts * np.diff(_span(record))[0] / 1000)
    return np.array(found)


def by_whole_node(sent: Tables, model: NodeModel, here: Sequence[JobRecord]) -> F64:
    """[jobs] The whole node's energy from the job's start to its end, for every job on it."""
    at_ms, whole_j = sent["node"]["ts_ms"].to_numpy(), _rising(_whole_j(sent, model))
    return np.array([np.diff(np.interp(_span(record), at_ms, whole_j))[0] for record in here])


def _whole_j(sent: Tables, model: NodeModel) -> F64:
    """[n] Energy of the node at each sample since the first: metered, else its parts and the declared rest."""
    node = sent["node"]
    at_s = node["ts_ms"].to_numpy() / 1000
    if "meter_energy_joules_total" in node.column_names:
        return np.asarray(node["meter_energy_joules_total"].to_numpy())
    if "meter_power_watts" in node.column_names:
        watts = node["meter_power_watts"].to_numpy()
        return np.concatenate([[0.0], np.cumsum((watts[1:] + watts[:-1]) / 2 * np.diff(at_s))])
    parts_j = node["cpu_energy_joules_total"].to_numpy() + node["dram_energy_joules_total"].to_numpy()
    return np.asarray(parts_j + _boards_j(sent) + model.rest_base_w * (at_s - at_s[0]))


def _boards_j(sent: Tables) -> F64:
    """[n] Energy of all GPUs at each sample of the node; 0 where it has none."""
    nothing = np.zeros(sent["node"].num_rows)
    return np.asarray(sum((curve for _, curve in _boards(sent)), nothing))


def _boards(sent: Tables) -> list[tuple[F64, F64]]:
    """Times [ms] and counter [J] of each GPU."""
    if "gpu" not in sent:
        return []
    number, gpu = sent["gpu"]["gpu"].to_numpy(), sent["gpu"]
    rows = [np.flatnonzero(number == index) for index in range(int(number.max()) + 1)]
    at_ms, energy_j = gpu["ts_ms"].to_numpy(), gpu["energy_joules_total"].to_numpy()
    return [(at_ms[row], _rising(energy_j[row])) for row in rows]


def _boards_of_j(sent: Tables, held: Allocation, record: JobRecord) -> float:
    """Energy of the job's boards from its start to its end."""
    boards = _boards(sent)
    mine = range(len(boards)) if record.exclusive else held.gpus
    return float(sum(np.diff(np.interp(_span(record), *boards[index]))[0] for index in mine))


def _rising(counter_j: F64) -> F64:
    """A counter that goes on where a reboot set it back."""
    return np.concatenate([[0.0], np.cumsum(np.maximum(np.diff(counter_j), 0))])


def _span(record: JobRecord) -> tuple[int, int]:
    return record.key.start_ms, record.end_ms or record.key.start_ms


def _held(record: JobRecord, node: str) -> Allocation:
    return next(held for held in record.allocations if held.node == node)
