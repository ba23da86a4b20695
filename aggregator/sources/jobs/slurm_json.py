"""JSON of scontrol, squeue, sacct and slurmrestd as records, whatever Slurm's version. Pure.

Since 23.02 numbers are `{set, infinite, number}`, states and exit states are lists; what is older is brought into that
form (`json_forms.py`). Steps and the totals of GPUs are told twice, by type and in all. Text is escaped here, so names
and comments can do no harm.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

from aggregator.sources.jobs import json_forms, values
from aggregator.sources.jobs.gres import count_gpus, parse_gpus
from aggregator.sources.jobs.json_values import at, energy_j, exit_of, items, number, state_of, text, time_ms, words_of
from aggregator.sources.jobs.records import (
    checked_end_ms,
    even_split,
    is_other_cluster,
    job_energy_j,
    one_line,
    other_clusters,
    stretch_start_ms,
    suspension_spans,
    with_expanded_paths,
    without_resized_cpu,
)
from aggregator.sources.jobs.waiting import from_json
from maxwatt.domain.errors import InputError
from maxwatt.domain.hostlist import expand
from maxwatt.domain.jobs import ACTIVE_STATES, Allocation, JobKey, JobRecord, JobState, NodeRecord, WaitingJob
from maxwatt.domain.merge import ACCOUNTING
from maxwatt.domain.units import BYTES_PER_MIB

_S_PER_MIN: Final = 60
_NOTHING_FOUND: Final = 9003
"""Error number with which slurmrestd before 23.02 says that no job is in the span."""

_Record = TypeVar("_Record", JobRecord, NodeRecord, WaitingJob)


def parse_scontrol_jobs(document: Any, cluster: str, source: str = "scontrol") -> tuple[list[JobRecord], list[str]]:
    """Jobs of `scontrol --details show jobs --json`, `squeue --json` or slurmrestd; never started ones give no record.

    Args:
        cluster: name the records get; entries that name another are reported and left out.
        source: name of the source that the records get.

    Raises:
        InputError: the document is none of these, Slurm reports an error in it, or all of it is of another cluster.
    """
    entries, foreign = _own(_listed(document, "jobs"), cluster)
    records, faults = _each(
        entries, "job", "job_id", lambda entry: _live_job(json_forms.live_job(entry), cluster, source)
    )
    return records, faults + foreign


def parse_waiting(document: Any, cluster: str) -> list[WaitingJob]:
    """Jobs of the same documents that wait. What cannot be read `parse_scontrol_jobs` names.

    Raises:
        InputError: the document is none of these, or Slurm reports an error in it.
    """
    entries, _ = _own(_listed(document, "jobs"), cluster)
    found, _ = _each(entries, "job", "job_id", lambda entry: from_json(json_forms.live_job(entry), cluster))
    return found


def parse_scontrol_nodes(document: Any) -> tuple[list[NodeRecord], list[str]]:
    """Nodes of `scontrol show nodes --json` or slurmrestd.

    Raises:
        InputError: the document is none of scontrol's, or Slurm reports an error in it.
    """
    return _each(_listed(document, "nodes"), "node", "name", lambda entry: _node(json_forms.node(entry)))


def parse_sacct_json(document: Any, cluster: str) -> tuple[list[JobRecord], list[str]]:
    """Jobs of `sacct --json` or slurmrestd; never started ones give no record.

    Args:
        cluster: name the records get; entries that name another are reported and left out.

    Raises:
        InputError: the document is none of these, reports an error, or all of it is of another cluster.
    """
    entries, foreign = _own(_listed(document, "jobs"), cluster)
    records, faults = _each(
        entries, "job", "job_id", lambda entry: _accounted_job(json_forms.accounted_job(entry), cluster)
    )
    return without_resized_cpu(records), faults + foreign


def parse_jobs_document(document: Any, cluster: str) -> tuple[list[JobRecord], list[str]]:
    """Jobs of either command's JSON.

    Raises:
        InputError: it is neither.
    """
    jobs = _listed(document, "jobs")
    live = bool(jobs) and isinstance(jobs[0], Mapping) and "job_state" in jobs[0]
    return parse_scontrol_jobs(document, cluster) if live else parse_sacct_json(document, cluster)


def _listed(document: Any, name: str) -> list[Any]:
    errors = [error for error in items(at(document, "errors")) if at(error, "error_number") != _NOTHING_FOUND]
    if errors:
        raise InputError(f"Slurm reports: {str(errors)[:300]}")
    found = at(document, name)
    if not isinstance(found, list):
        raise InputError(f"no list of {name} in the JSON")
    return found


def _own(entries: list[Any], cluster: str) -> tuple[list[Any], list[str]]:
    others = Counter(name for entry in entries if is_other_cluster(name := text(at(entry, "cluster")), cluster))
    own = [entry for entry in entries if not is_other_cluster(text(at(entry, "cluster")), cluster)]
    return own, other_clusters(others, len(own), cluster)


def _each(
    entries: Iterable[Any], kind: str, name: str, build: Callable[[Any], _Record | None]
) -> tuple[list[_Record], list[str]]:
    records, faults = list[_Record](), list[str]()
    for position, entry in enumerate(entries, start=1):
        try:
            record = build(entry)
        except InputError as error:
            faults.append(f"{kind} {str(at(entry, name))[:40]} (entry {position}): {error.message}")
            continue
        if record is not None:
            records.append(record)
    return records, faults


def _job_id(entry: Any) -> int:
    job_id = number(at(entry, "job_id"))
    if not job_id or job_id < 0:
        raise InputError("no job id")
    return job_id


def _array(job: Any, task: Any) -> tuple[int | None, int | None]:
    array_id, index = number(job), number(task)
    return (array_id, index) if array_id and index is not None else (None, None)


def _het(job: Any, offset: Any) -> tuple[int | None, int | None]:
    het_id = number(job)
    return (het_id, number(offset)) if het_id else (None, None)


def _limit_s(minutes: Any) -> int | None:
    limit = number(minutes)
    return None if limit is None else limit * _S_PER_MIN


def _live_job(entry: Any, cluster: str, source: str) -> JobRecord | None:
    state, start_ms = state_of(at(entry, "job_state")), time_ms(at(entry, "start_time"))
    nodes = expand(text(at(entry, "nodes")))
    booting = not values.IS_BOOTING.isdisjoint(words_of(at(entry, "job_state")))
    if start_ms is None or not nodes or state is JobState.PENDING or booting:
        return None
    end_ms = None if state in ACTIVE_STATES else time_ms(at(entry, "end_time"))
    resized_ms = time_ms(at(entry, "resize_time"))
    tres = values.parse_tres(text(at(entry, "tres_alloc_str")))
    cpus = number(at(entry, "cpus")) or 0
    exit_code, exit_signal = exit_of(at(entry, "exit_code")) if end_ms is not None else (None, None)
    array_id, task = _array(at(entry, "array_job_id"), at(entry, "array_task_id"))
    het_id, het_offset = _het(at(entry, "het_job_id"), at(entry, "het_job_offset"))
    record = JobRecord(
        key=JobKey(cluster, _job_id(entry), stretch_start_ms(start_ms, end_ms, resized_ms)), state=state,
        user=text(at(entry, "user_name")),
        name=one_line(text(at(entry, "name"))), account=text(at(entry, "account")),
        partition=text(at(entry, "partition")), qos=text(at(entry, "qos")),
        submit_ms=time_ms(at(entry, "submit_time")), end_ms=checked_end_ms(start_ms, end_ms, state),
        time_limit_s=_limit_s(at(entry, "time_limit")), state_reason=text(at(entry, "state_reason")),
        exit_code=exit_code, exit_signal=exit_signal, cpus=cpus, node_count=len(nodes), gpu_count=tres.gpus or 0,
        memory_bytes=tres.memory_bytes or 0, node_list=text(at(entry, "nodes")),
        allocations=_allocations(entry, nodes, cpus, tres),
        suspensions=suspension_spans(
            state, start_ms, time_ms(at(entry, "suspend_time")), number(at(entry, "pre_sus_time")) or 0
        ),
        exclusive="none" in items(at(entry, "shared")), features=text(at(entry, "features")),
        command=text(at(entry, "command")), work_dir=text(at(entry, "current_working_directory")),
        stdout=text(at(entry, "stdout_expanded")) or text(at(entry, "standard_output")),
        stderr=text(at(entry, "stderr_expanded")) or text(at(entry, "standard_error")),
        comment=one_line(text(at(entry, "comment"))), array_job_id=array_id, array_task_id=task,
        het_job_id=het_id, het_offset=het_offset, source=source,
    )  # fmt: skip
    return with_expanded_paths(record)


def _allocations(entry: Any, nodes: tuple[str, ...], cpus: int, tres: values.Tres) -> tuple[Allocation, ...]:
    """Per node; an even split where the details do not name every node. GPU detail stands in the nodes' order."""
    details = items(at(entry, "job_resources", "nodes", "allocation"))
    gres = items(at(entry, "gres_detail"))
    by_node: dict[str, Allocation] = {}
    for position, detail in enumerate(details):
        node, count = text(at(detail, "name")), number(at(detail, "cpus", "count"))
        gpus = parse_gpus(text(gres[position])) if len(gres) == len(details) else ()
        memory_bytes = (number(at(detail, "memory", "allocated")) or 0) * BYTES_PER_MIB
        if count is not None:
            by_node[node] = Allocation(node, count, memory_bytes, gpus)
    if set(by_node) != set(nodes):
        return even_split(nodes, cpus, tres.memory_bytes or 0, tres.gpus or 0, modelled=True)
    return tuple(by_node[node] for node in nodes)


def _accounted_job(entry: Any, cluster: str) -> JobRecord | None:
    state, start_ms = state_of(at(entry, "state", "current")), time_ms(at(entry, "time", "start"))
    nodes = expand(text(at(entry, "nodes")))
    if start_ms is None or not nodes or state is JobState.PENDING:
        return None
    end_ms = checked_end_ms(start_ms, time_ms(at(entry, "time", "end")), state)
    changes = (time_ms(at(entry, "time", name)) for name in ("submission", "eligible"))
    cpus, memory_bytes, gpu_count = _resources(items(at(entry, "tres", "allocated")))
    exit_code, exit_signal = exit_of(at(entry, "exit_code")) if end_ms is not None else (None, None)
    array_id, task = _array(at(entry, "array", "job_id"), at(entry, "array", "task_id"))
    het_id, het_offset = _het(at(entry, "het", "job_id"), at(entry, "het", "job_offset"))
    record = JobRecord(
        key=JobKey(cluster, _job_id(entry), stretch_start_ms(start_ms, end_ms, *changes)), state=state,
        user=text(at(entry, "user")),
        name=one_line(text(at(entry, "name"))), account=text(at(entry, "account")),
        partition=text(at(entry, "partition")), qos=text(at(entry, "qos")),
        submit_ms=time_ms(at(entry, "time", "submission")), end_ms=end_ms,
        time_limit_s=_limit_s(at(entry, "time", "limit")), state_reason=text(at(entry, "state", "reason")),
        exit_code=exit_code, exit_signal=exit_signal, cpus=cpus, node_count=len(nodes), gpu_count=gpu_count,
        memory_bytes=memory_bytes, node_list=text(at(entry, "nodes")),
        allocations=even_split(nodes, cpus, memory_bytes, gpu_count), exclusive=at(entry, "exclusive") == "YES",
        total_cpu_s=_total_cpu_s(entry) if end_ms is not None else None,
        consumed_energy_j=_energy_j(entry, len(nodes)) if end_ms is not None else None,
        features=text(at(entry, "constraints")), command=text(at(entry, "submit_line")),
        work_dir=text(at(entry, "working_directory")),
        stdout=text(at(entry, "stdout_expanded")) or text(at(entry, "stdout")),
        stderr=text(at(entry, "stderr_expanded")) or text(at(entry, "stderr")),
        comment=one_line(text(at(entry, "comment", "job"))), array_job_id=array_id, array_task_id=task,
        het_job_id=het_id, het_offset=het_offset, source=ACCOUNTING,
    )  # fmt: skip
    return with_expanded_paths(record)


def _resources(allocated: Iterable[Any]) -> tuple[int, int, int]:
    """CPUs, memory [B] and GPUs of a list of TRES; typed GPUs count only where their total is not told."""
    counts: dict[str, int] = {}
    for tres in allocated:
        name = text(at(tres, "type")) + (f"/{text(at(tres, 'name'))}" if text(at(tres, "name")) else "")
        counts[name] = number(at(tres, "count")) or 0
    typed = sum(count for name, count in counts.items() if name.startswith("gres/gpu:"))
    return counts.get("cpu", 0), counts.get("mem", 0) * BYTES_PER_MIB, counts.get("gres/gpu", typed)


def _total_cpu_s(entry: Any) -> float | None:
    total_s = _cpu_s(at(entry, "time", "total"))
    if total_s:
        return total_s
    steps_s = [_cpu_s(at(step, "time", "total")) for step in items(at(entry, "steps"))]
    known = [seconds for seconds in steps_s if seconds is not None]
    return sum(known) if known else total_s


def _energy_j(entry: Any, node_count: int) -> float | None:
    tres = {text(at(each, "type")): at(each, "count") for each in items(at(entry, "tres", "allocated"))}
    steps = {text(at(step, "step", "id")).rpartition(".")[2]: step for step in items(at(entry, "steps"))}
    batch_j = energy_j(at(steps.get("batch"), "statistics", "energy", "consumed"))
    return job_energy_j(energy_j(tres.get("energy")), batch_j, node_count)


def _cpu_s(value: Any) -> float | None:
    seconds = number(at(value, "seconds"))
    return None if seconds is None else seconds + (number(at(value, "microseconds")) or 0) / 1e6


def _node(entry: Any) -> NodeRecord:
    name, states = text(at(entry, "name")), items(at(entry, "state"))
    cpus = number(at(entry, "effective_cpus"))
    cpus = cpus if cpus is not None else number(at(entry, "cpus"))
    memory_mib = number(at(entry, "real_memory"))
    if not name or cpus is None or memory_mib is None:
        raise InputError("no name, CPUs or memory")
    return NodeRecord(
        name=name,
        state="+".join(word for word in states if isinstance(word, str)),
        cpus=cpus,
        memory_bytes=(memory_mib - (number(at(entry, "specialized_memory")) or 0)) * BYTES_PER_MIB,
        gpus=count_gpus(text(at(entry, "gres"))),
        partitions=tuple(word for word in items(at(entry, "partitions")) if isinstance(word, str)),
        features=",".join(word for word in items(at(entry, "active_features")) if isinstance(word, str)),
        reason=text(at(entry, "reason")),
    )
