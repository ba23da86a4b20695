"""Every rule's figure for every job of a scene."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from benchmarks.closed_loop import foreign, records
from benchmarks.closed_loop.generator.activity import F64
from benchmarks.closed_loop.generator.scene import Scene

FOREIGN = ("CPU share of everything", "TDP x time", "whole node each")
"""The rules of `foreign`, as tables and pictures call them."""


def foreign_j(world: Scene, sent: Sequence[Mapping[str, pa.Table]]) -> dict[str, F64]:
    """[jobs] what each foreign rule charges, by its name."""
    found = {name: np.zeros(len(world.jobs)) for name in FOREIGN}
    for number, node in enumerate(world.nodes):
        here = [index for index, job in enumerate(world.jobs) if number in job.machines]
        jobs = [records.job_record(world, index) for index in here]
        model, rows = records.node_model(node.machine), sent[number]
        figures = (
            foreign.by_cpu_share(rows, model, jobs),
            foreign.by_tdp(node.machine.cpus, model, jobs),
            foreign.by_whole_node(rows, model, jobs),
        )
        for name, charged_j in zip(FOREIGN, figures, strict=True):
            found[name][here] += charged_j
    return found
