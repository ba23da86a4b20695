"""The scene in maxwatt's words: settings, node records and job records."""

from benchmarks.closed_loop.generator.machine import Machine
from benchmarks.closed_loop.generator.scene import START_MS, Scene
from maxwatt.config import AttributionSettings, CarbonSettings, ClusterSettings, Settings
from maxwatt.domain.jobs import Allocation, JobKey, JobRecord, JobState, NodeRecord
from maxwatt.domain.node_model import NodeModel

CLUSTER = "loop"


def settings(world: Scene) -> Settings:
    """The configuration of a site that knows its nodes as well as the regime says."""
    return Settings(
        cluster=ClusterSettings(CLUSTER),
        attribution=AttributionSettings(nodes_per_chunk=8),
        carbon=CarbonSettings(intensity_g_per_kwh=400.0),
        node_models=tuple(node_model(node.machine) for node in world.nodes),
    )


def node_model(machine: Machine) -> NodeModel:
    """The declared powers: idle and rest are off by the machine's error."""
    off = 1 + machine.declared_error
    return NodeModel(
        machine.name, (machine.name,), cpu_idle_w=off * machine.cpu_idle_w, cpu_max_w=machine.cpu_max_w,
        dram_idle_w=off * machine.dram_idle_w, dram_max_w=machine.dram_max_w, gpu_idle_w=machine.gpu_idle_w,
        gpu_max_w=machine.gpu_max_w, rest_base_w=off * machine.rest_idle_w, rest_ratio=machine.loss_ratio,
        meter_includes_gpus=True,
    )  # fmt: skip


def node_records(world: Scene) -> list[NodeRecord]:
    """What Slurm says of the nodes."""
    machines = [node.machine for node in world.nodes]
    return [NodeRecord(each.name, "MIXED", each.cpus, each.memory_bytes, each.gpus) for each in machines]


def key_of(world: Scene, number: int) -> JobKey:
    """The key of a job of the scene."""
    return JobKey(CLUSTER, world.jobs[number].number, _ms(world.accounts[number].start_s))


def job_record(world: Scene, number: int) -> JobRecord:
    """A finished job, seen live and in accounting."""
    job, known = world.jobs[number], world.accounts[number]
    machines = [world.nodes[place].machine for place in job.machines]
    held = tuple(
        Allocation(each.name, float(each.cpus if job.exclusive else job.cpus), float(job.memory_bytes), job.gpus)
        for each in machines
    )
    return JobRecord(
        key_of(world, number), JobState(job.state), user=f"u{number % 17}", end_ms=_ms(known.end_s),
        cpus=sum(int(each.cpus) for each in held), node_count=len(held), gpu_count=len(job.gpus) * len(held),
        allocations=held, suspensions=tuple((_ms(low), _ms(high)) for low, high in known.suspended),
        exclusive=job.exclusive, total_cpu_s=known.total_cpu_s, source="scontrol+sacct",
    )  # fmt: skip


def _ms(seconds: int) -> int:
    return START_MS + 1000 * seconds
