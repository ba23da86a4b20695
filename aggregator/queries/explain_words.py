"""An explanation in sentences with its numbers: what the pages, the command line and mails say of a figure."""

from collections.abc import Iterator
from typing import Final

from aggregator.queries.explain import Explanation, IdlePowerUse, NodeExplanation
from maxwatt.domain.energy import EVIDENCE, Evidence
from maxwatt.domain.formatting import format_bytes, format_duration, format_energy, format_number, format_share

_SLIGHT: Final = 0.0005

_KINDS: Final = {
    Evidence.COUNTED: "counted by meters",
    Evidence.INTEGRATED: "integrated from readings of power",
    Evidence.INTERPOLATED: "bounded between readings far apart",
    Evidence.ACCOUNTED: "given by Slurm's TotalCPU, where no sample shows the use",
    Evidence.MODELLED: "modelled, not measured",
}
_OWN: Final = "jobs"


def node_lines(node: NodeExplanation) -> Iterator[str]:
    """Sentences about one node."""
    yield _held(node)
    yield from _cpu(node)
    yield from _dram(node)
    yield from _gpu(node)
    yield from _rest(node)
    yield _beside(node)
    yield from _evidence(node)


def closing_lines(found: Explanation) -> Iterator[str]:
    """Sentences about the whole job."""
    if found.suspended_s:
        yield (
            f"It was suspended for {format_duration(found.suspended_s)}: in that time it held its memory and GPUs, "
            "but no CPUs."
        )
    newest = "" if found.newest_revision < 2 else f", some of them revised (revision {found.newest_revision})"
    windows = "1 window" if found.windows == 1 else f"{found.windows} windows"
    yield f"Booked in {windows} of 15 minutes{newest}."


def _held(node: NodeExplanation) -> str:
    share = node.share
    cpus = f"{share.cpus:g}" + (f" of {node.node_cpus:g}" if node.node_cpus else "") + " CPUs"
    memory = ""
    if share.memory_bytes:
        whole = f" of {format_bytes(node.node_memory_bytes)}" if node.node_memory_bytes else ""
        memory = f", {format_bytes(share.memory_bytes)}{whole} of memory"
    gpus = f", {len(share.gpus)} GPU{'s' * (len(share.gpus) != 1)}" if share.gpus else ""
    assumed = " (assumed: nobody saw how it was split over its nodes)" if share.allocation_modelled else ""
    covered = format_share(node.covered_s / node.held_s if node.held_s else None)
    return f"held {cpus}{memory}{gpus}{assumed} for {format_duration(node.held_s)}, {covered} of it between samples"


def _cpu(node: NodeExplanation) -> Iterator[str]:
    yield from _static(node, "cpu", "its processors' idle power", "by the CPUs it held")
    dynamic_j = node.share.energy_j.get("cpu_dynamic_j", 0.0)
    if dynamic_j:
        yield _line("cpu dynamic", dynamic_j, _per_cpu_second(node, dynamic_j))


def _dram(node: NodeExplanation) -> Iterator[str]:
    yield from _static(node, "dram", "its memory's idle power", "by the memory it held")
    dynamic_j = node.share.energy_j.get("dram_dynamic_j", 0.0)
    if dynamic_j:
        yield _line("dram dynamic", dynamic_j, _per_cpu_second(node, dynamic_j))


def _gpu(node: NodeExplanation) -> Iterator[str]:
    for part in ("static", "dynamic"):
        energy_j = node.share.energy_j.get(f"gpu_{part}_j", 0.0)
        if energy_j:
            of_all = _of_all(node, f"gpu_{part}_j", energy_j)
            yield _line(f"gpu {part}", energy_j, f"of the boards it held, idle or not, by its share of each; {of_all}")


def _rest(node: NodeExplanation) -> Iterator[str]:
    yield from _static(node, "rest", "what fans, disks and losses draw at idle", "by its weight among the node's parts")
    share, dynamic_j = node.share.energy_j, node.share.energy_j.get("rest_dynamic_j", 0.0)
    parts_j = sum(share.get(f"{name}_dynamic_j", 0.0) for name in ("cpu", "dram", "gpu"))
    if dynamic_j:
        ratio = f"{format_number(dynamic_j / parts_j)} J for each joule of its dynamic energy" if parts_j else ""
        yield _line("rest dynamic", dynamic_j, ratio or "fans and losses that grow with the work")


def _static(node: NodeExplanation, component: str, what: str, rule: str) -> Iterator[str]:
    energy_j = node.share.energy_j.get(f"{component}_static_j", 0.0)
    if not energy_j:
        return
    used = [power for power in node.idle_powers if power.component == component]
    price = "; ".join([f"{what} {_power(used[0])}" if used else what])
    of_all = _of_all(node, f"{component}_static_j", energy_j)
    yield _line(f"{component} static", energy_j, f"{price}; {of_all}, {rule}")


def _power(used: IdlePowerUse) -> str:
    if used.lowest_w is None or used.highest_w is None:
        return "is not known, so all energy counts as dynamic, save where no CPU worked"
    same = f"{used.highest_w:.3g}" == f"{used.lowest_w:.3g}"
    watts = f"{used.lowest_w:.3g} W" if same else f"{used.lowest_w:.3g} to {used.highest_w:.3g} W"
    if used.origin == "calibrated":
        return f"{watts} (calibrated from {used.intervals} job-free intervals)"
    return f"{watts} (of the node model: not calibrated)"


def _per_cpu_second(node: NodeExplanation, dynamic_j: float) -> str:
    used_s = node.share.cpu_used_s
    if not used_s:
        return "by the CPU seconds it used"
    return f"{format_number(used_s)} CPU seconds at {format_number(dynamic_j / used_s)} J each"


def _of_all(node: NodeExplanation, column: str, energy_j: float) -> str:
    if node.measured_j is None:
        return "its share of the node's"
    whole_j = node.all_j.get(column, 0.0)
    return f"{format_share(energy_j / whole_j if whole_j else None)} of the node's {format_energy(whole_j)}"


def _line(head: str, energy_j: float, why: str) -> str:
    return f"{head:<13}{format_energy(energy_j):>10}  {why}"


def _beside(node: NodeExplanation) -> str:
    if node.measured_j is None:
        return "others used the node in the same windows: what it drew in all is shown to administrators"
    others = {name: j for name, j in node.by_account_j.items() if name != _OWN and abs(j) > 0}
    told = ", ".join(f"{name.replace('_', ' ')} {format_energy(j)}" for name, j in others.items()) or "nobody else's"
    own = format_energy(node.by_account_j.get(_OWN, 0.0))
    gap_j = abs(sum(node.by_account_j.values()) - node.measured_j)
    closes = "which is what its meters say" if gap_j <= 1e-6 * max(node.measured_j, 1.0) else "NOT what its meters say"
    return (
        f"in the same windows the node drew {format_energy(node.measured_j)}: this job {own}, {told}; "
        f"the sum is {format_energy(sum(node.by_account_j.values()))}, {closes}"
    )


def _evidence(node: NodeExplanation) -> Iterator[str]:
    total_j = sum(node.evidence_j.values())
    shares = {kind: node.evidence_j.get(f"{kind}_j", 0.0) / total_j for kind in EVIDENCE} if total_j else {}
    told = [f"{format_share(share)} {_KINDS[kind]}" for kind, share in shares.items() if share > _SLIGHT]
    if told:
        yield f"{'; '.join(told)}: known to ±{format_share(node.uncertainty)}"
