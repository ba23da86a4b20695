"""JSON of `scontrol show job|node --json` and `sacct --json`, Slurm 23.02 and later, as records. Pure.

Since 23.02 numbers are `{set, infinite, number}`, states and exit states are lists. Steps and the totals of GPUs are
told twice, by type and in all. Text is escaped here, so names and comments can do no harm.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

from aggregator.sources.jobs import values
from aggregator.sources.jobs.records import checked_end_ms, even_split, one_line, suspension_spans, with_expanded_paths
from aggregator.sources.jobs.scontrol_text import count_gpus, parse_gpu_indices
from maxwatt.domain.errors import InputError
from maxwatt.domain.hostlist import expand
from maxwatt.domain.jobs import ACTIVE_STATES, Allocation, JobKey, JobRecord, JobState, NodeRecord
from maxwatt.domain.units import BYTES_PER_MIB, MS_PER_S

_S_PER_MIN: Final = 60
_LATEST_S: Final = 253_402_300_799
_Record = TypeVar("_Record", JobRecord, NodeRecord)


def parse_scontrol_jobs(document: Any, cluster: str) -> tuple[list[JobRecord], list[str]]:
    """Jobs of `scontrol --details show jobs --json`; never started ones give no record.

    Raises:
        InputError: the document is none of scontrol's, or Slurm reports an error in it.
    """
    return _each(_listed(document, "jobs"), "job", "job_id", lambda entry: _live_job(entry, cluster))


def parse_scontrol_nodes(document: Any) -> tuple[list[NodeRecord], list[str]]:
    """Nodes of `scontrol show nodes --json`.

    Raises:
        InputError: the document is none of scontrol's, or Slurm reports an error in it.
    """
    return _each(_listed(document, "nodes"), "node", "name", _node)


def parse_sacct_json(document: Any, cluster: str) -> tuple[list[JobRecord], list[str]]:
    """Jobs of `sacct --json`; never started ones give no record.

    Raises:
        InputError: the document is none of sacct's, comes from Slurm 22.05 or before, or reports an error.
    """
    jobs = _listed(document, "jobs")
    if not _at(document, "meta", "plugin", "data_parser"):
        raise InputError("sacct --json before Slurm 23.02 loses exit codes: export with sacct -P")
    return _each(jobs, "job", "job_id", lambda entry: _accounted_job(entry, cluster))


def parse_jobs_document(document: Any, cluster: str) -> tuple[list[JobRecord], list[str]]:
    """Jobs of either command's JSON.

    Raises:
        InputError: it is neither.
    """
    jobs = _listed(document, "jobs")
    live = bool(jobs) and isinstance(jobs[0], Mapping) and "job_state" in jobs[0]
    return parse_scontrol_jobs(document, cluster) if live else parse_sacct_json(document, cluster)


def _listed(document: Any, name: str) -> list[Any]:
    errors = _at(document, "errors")
    if errors:
        raise InputError(f"Slurm reports: {str(errors)[:300]}")
    found = _at(document, name)
    if not isinstance(found, list):
        raise InputError(f"no list of {name} in the JSON")
    return found


def _each(
    entries: Iterable[Any], kind: str, name: str, build: Callable[[Any], _Record | None]
) -> tuple[list[_Record], list[str]]:
    records, faults = list[_Record](), list[str]()
    for number, entry in enumerate(entries, start=1):
        try:
            record = build(entry)
        except InputError as error:
            faults.append(f"{kind} {str(_at(entry, name))[:40]} (entry {number}): {error.message}")
            continue
        if record is not None:
            records.append(record)
    return records, faults


def _at(value: Any, *path: str) -> Any:
    """What lies at a path of keys, None where there is nothing."""
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _items(value: Any) -> list[Any]:
    """The items of a list, none where it is absent."""
    if value is not None and not isinstance(value, list):
        raise InputError(f"{str(value)[:40]!r} is no list")
    return value or []


def _text(value: Any) -> str:
    return values.text_or_empty(value) if isinstance(value, str) else ""


def _number(value: Any) -> int | None:
    """A whole number, plain or as `{set, infinite, number}`; None where it is unset or infinite."""
    if isinstance(value, Mapping):
        value = value.get("number") if value.get("set") and not value.get("infinite") else None
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _LATEST_S:
        raise InputError(f"{str(value)[:40]!r} is no whole number")
    return value


def _time_ms(value: Any) -> int | None:
    seconds = _number(value)
    if seconds is not None and seconds < 0:
        raise InputError(f"{seconds} is no time of a job")
    return seconds * MS_PER_S if seconds else None


def _state(value: Any) -> JobState:
    """Base state of a list of states and flags: `[PENDING, REQUEUED]` is an attempt that was requeued."""
    words = [value] if isinstance(value, str) else [word for word in _items(value) if isinstance(word, str)]
    if "REQUEUED" in words:
        return JobState.REQUEUED
    base = [word for word in words if word in JobState.__members__]
    return JobState(base[0]) if base else values.parse_state(words[0] if words else "")


def _exit(value: Any) -> tuple[int | None, int | None]:
    """Exit code and signal as the text formats show them: the unset one of the two is 0."""
    code, signal = _number(_at(value, "return_code")), _number(_at(value, "signal", "id"))
    return (None, None) if code is None and signal is None else (code or 0, signal or 0)


def _job_id(entry: Any) -> int:
    job_id = _number(_at(entry, "job_id"))
    if not job_id or job_id < 0:
        raise InputError("no job id")
    return job_id


def _array(job: Any, task: Any) -> tuple[int | None, int | None]:
    array_id, index = _number(job), _number(task)
    return (array_id, index) if array_id and index is not None else (None, None)


def _het(job: Any, offset: Any) -> tuple[int | None, int | None]:
    het_id = _number(job)
    return (het_id, _number(offset)) if het_id else (None, None)


def _limit_s(minutes: Any) -> int | None:
    limit = _number(minutes)
    return None if limit is None else limit * _S_PER_MIN


def _live_job(entry: Any, cluster: str) -> JobRecord | None:
    state, start_ms = _state(_at(entry, "job_state")), _time_ms(_at(entry, "start_time"))
    nodes = expand(_text(_at(entry, "nodes")))
    if start_ms is None or not nodes or state is JobState.PENDING:
        return None
    end_ms = None if state in ACTIVE_STATES else _time_ms(_at(entry, "end_time"))
    tres = values.parse_tres(_text(_at(entry, "tres_alloc_str")))
    cpus = _number(_at(entry, "cpus")) or 0
    exit_code, exit_signal = _exit(_at(entry, "exit_code")) if end_ms is not None else (None, None)
    array_id, task = _array(_at(entry, "array_job_id"), _at(entry, "array_task_id"))
    het_id, het_offset = _het(_at(entry, "het_job_id"), _at(entry, "het_job_offset"))
    record = JobRecord(
        key=JobKey(cluster, _job_id(entry), start_ms), state=state, user=_text(_at(entry, "user_name")),
        name=one_line(_text(_at(entry, "name"))), account=_text(_at(entry, "account")),
        partition=_text(_at(entry, "partition")), qos=_text(_at(entry, "qos")),
        submit_ms=_time_ms(_at(entry, "submit_time")), end_ms=checked_end_ms(start_ms, end_ms, state),
        time_limit_s=_limit_s(_at(entry, "time_limit")), state_reason=_text(_at(entry, "state_reason")),
        exit_code=exit_code, exit_signal=exit_signal, cpus=cpus, node_count=len(nodes), gpu_count=tres.gpus or 0,
        memory_bytes=tres.memory_bytes or 0, node_list=_text(_at(entry, "nodes")),
        allocations=_allocations(entry, nodes, cpus, tres),
        suspensions=suspension_spans(
            state, start_ms, _time_ms(_at(entry, "suspend_time")), _number(_at(entry, "pre_sus_time")) or 0
        ),
        exclusive="none" in _items(_at(entry, "shared")), features=_text(_at(entry, "features")),
        command=_text(_at(entry, "command")), work_dir=_text(_at(entry, "current_working_directory")),
        stdout=_text(_at(entry, "stdout_expanded")) or _text(_at(entry, "standard_output")),
        stderr=_text(_at(entry, "stderr_expanded")) or _text(_at(entry, "standard_error")),
        comment=one_line(_text(_at(entry, "comment"))), array_job_id=array_id, array_task_id=task,
        het_job_id=het_id, het_offset=het_offset, source="scontrol",
    )  # fmt: skip
    return with_expanded_paths(record)


def _allocations(entry: Any, nodes: tuple[str, ...], cpus: int, tres: values.Tres) -> tuple[Allocation, ...]:
    """Per node; an even split where the details do not name every node. GPU detail stands in the nodes' order."""
    details = _items(_at(entry, "job_resources", "nodes", "allocation"))
    gres = _items(_at(entry, "gres_detail"))
    by_node: dict[str, Allocation] = {}
    for position, detail in enumerate(details):
        node, count = _text(_at(detail, "name")), _number(_at(detail, "cpus", "count"))
        gpus = parse_gpu_indices(_text(gres[position])) if len(gres) == len(details) else ()
        memory_bytes = (_number(_at(detail, "memory", "allocated")) or 0) * BYTES_PER_MIB
        if count is not None:
            by_node[node] = Allocation(node, count, memory_bytes, gpus)
    if set(by_node) != set(nodes):
        return even_split(nodes, cpus, tres.memory_bytes or 0, tres.gpus or 0, modelled=True)
    return tuple(by_node[node] for node in nodes)


def _accounted_job(entry: Any, cluster: str) -> JobRecord | None:
    state, start_ms = _state(_at(entry, "state", "current")), _time_ms(_at(entry, "time", "start"))
    nodes = expand(_text(_at(entry, "nodes")))
    if start_ms is None or not nodes or state is JobState.PENDING:
        return None
    end_ms = checked_end_ms(start_ms, _time_ms(_at(entry, "time", "end")), state)
    cpus, memory_bytes, gpu_count = _resources(_items(_at(entry, "tres", "allocated")))
    exit_code, exit_signal = _exit(_at(entry, "exit_code")) if end_ms is not None else (None, None)
    array_id, task = _array(_at(entry, "array", "job_id"), _at(entry, "array", "task_id"))
    het_id, het_offset = _het(_at(entry, "het", "job_id"), _at(entry, "het", "job_offset"))
    record = JobRecord(
        key=JobKey(cluster, _job_id(entry), start_ms), state=state, user=_text(_at(entry, "user")),
        name=one_line(_text(_at(entry, "name"))), account=_text(_at(entry, "account")),
        partition=_text(_at(entry, "partition")), qos=_text(_at(entry, "qos")),
        submit_ms=_time_ms(_at(entry, "time", "submission")), end_ms=end_ms,
        time_limit_s=_limit_s(_at(entry, "time", "limit")), state_reason=_text(_at(entry, "state", "reason")),
        exit_code=exit_code, exit_signal=exit_signal, cpus=cpus, node_count=len(nodes), gpu_count=gpu_count,
        memory_bytes=memory_bytes, node_list=_text(_at(entry, "nodes")),
        allocations=even_split(nodes, cpus, memory_bytes, gpu_count), exclusive=_at(entry, "exclusive") == "YES",
        total_cpu_s=_total_cpu_s(entry) if end_ms is not None else None,
        features=_text(_at(entry, "constraints")), command=_text(_at(entry, "submit_line")),
        work_dir=_text(_at(entry, "working_directory")),
        stdout=_text(_at(entry, "stdout_expanded")) or _text(_at(entry, "stdout")),
        stderr=_text(_at(entry, "stderr_expanded")) or _text(_at(entry, "stderr")),
        comment=one_line(_text(_at(entry, "comment", "job"))), array_job_id=array_id, array_task_id=task,
        het_job_id=het_id, het_offset=het_offset, source="sacct",
    )  # fmt: skip
    return with_expanded_paths(record)


def _resources(allocated: Iterable[Any]) -> tuple[int, int, int]:
    """CPUs, memory [B] and GPUs of a list of TRES; typed GPUs count only where their total is not told."""
    counts: dict[str, int] = {}
    for tres in allocated:
        name = _text(_at(tres, "type")) + (f"/{_text(_at(tres, 'name'))}" if _text(_at(tres, "name")) else "")
        counts[name] = _number(_at(tres, "count")) or 0
    typed = sum(count for name, count in counts.items() if name.startswith("gres/gpu:"))
    return counts.get("cpu", 0), counts.get("mem", 0) * BYTES_PER_MIB, counts.get("gres/gpu", typed)


def _total_cpu_s(entry: Any) -> float | None:
    total_s = _cpu_s(_at(entry, "time", "total"))
    if total_s:
        return total_s
    steps_s = [_cpu_s(_at(step, "time", "total")) for step in _items(_at(entry, "steps"))]
    known = [seconds for seconds in steps_s if seconds is not None]
    return sum(known) if known else total_s


def _cpu_s(value: Any) -> float | None:
    seconds = _number(_at(value, "seconds"))
    return None if seconds is None else seconds + (_number(_at(value, "microseconds")) or 0) / 1e6


def _node(entry: Any) -> NodeRecord:
    name, states = _text(_at(entry, "name")), _items(_at(entry, "state"))
    cpus = _number(_at(entry, "effective_cpus"))
    cpus = cpus if cpus is not None else _number(_at(entry, "cpus"))
    memory_mib = _number(_at(entry, "real_memory"))
    if not name or cpus is None or memory_mib is None:
        raise InputError("no name, CPUs or memory")
    return NodeRecord(
        name=name,
        state="+".join(word for word in states if isinstance(word, str)),
        cpus=cpus,
        memory_bytes=(memory_mib - (_number(_at(entry, "specialized_memory")) or 0)) * BYTES_PER_MIB,
        gpus=count_gpus(_text(_at(entry, "gres"))),
        partitions=tuple(word for word in _items(_at(entry, "partitions")) if isinstance(word, str)),
        features=",".join(word for word in _items(_at(entry, "active_features")) if isinstance(word, str)),
        reason=_text(_at(entry, "reason")),
    )
