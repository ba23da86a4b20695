"""Text of `scontrol show job -d`, multi-line format, as job records. Pure.

Slurm prints job names and comments as they are, line breaks included, so a name can hold a whole made-up job. What is
believed here is only what stands where Slurm itself writes it: every line of a job once and in Slurm's order. Jobs for
which that is not sure are named as suspects, to be asked for one by one (`scontrol.py`).
"""

import re
from collections.abc import Set
from dataclasses import dataclass, field
from typing import Final
from zoneinfo import ZoneInfo

from aggregator.sources.jobs import values
from aggregator.sources.jobs.gres import parse_gpus, parse_indices
from aggregator.sources.jobs.records import checked_end_ms, even_split, stretch_start_ms, suspension_spans
from aggregator.sources.jobs.waiting import from_text
from maxwatt.domain.errors import InputError
from maxwatt.domain.hostlist import expand
from maxwatt.domain.jobs import ACTIVE_STATES, Allocation, JobKey, JobRecord, JobState, WaitingJob
from maxwatt.domain.units import BYTES_PER_MIB

SOURCE: Final = "scontrol"

_ORDER: Final = (
    "UserId", "Priority", "JobState", "Requeue", "RunTime", "SubmitTime", "ResizeTime", "StartTime", "SuspendTime",
    "Partition", "NodeList", "NumNodes", "TRES", "AllocTRES", "Features", "OverSubscribe",
)  # fmt: skip
"""First keys of the lines that are needed, in Slurm's order. All come before the lines that users can write into."""

_FREE: Final = ("Command", "WorkDir", "Comment", "StdErr", "StdOut")
"""Lines of text that users write, after all others."""

_HEAD = re.compile(r"JobId=(\d{1,10}) ((?:[A-Za-z]+=\S+ )*?)JobName=(.*)")
_LINE = re.compile(r"   ([A-Za-z][A-Za-z/_:]*)=(.*)")
_DETAIL = re.compile(r"     Nodes=(\S+) CPU_IDs=([\d,-]*) Mem=(\d{1,12}) GRES=(.*)")
_USER = re.compile(r"(.*?)\(\d+\)(?: GroupId=.*)?")


@dataclass(slots=True)
class _Block:
    """One job's text, taken apart.

    Args:
        head: what the first line says before the name: array and het ids.
        lines: what follows the first key of the lines that are needed.
        details: the lines `Nodes=…`.
        problem: why its lines cannot be believed; empty when they can.
    """

    job_id: int
    head: dict[str, str]
    name: str
    lines: dict[str, str] = field(default_factory=dict)
    details: list[re.Match[str]] = field(default_factory=list)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class JobsText:
    """What a text gave.

    Args:
        records: jobs that can be believed.
        faults: a sentence for every job that could not be read.
        suspects: ids of jobs whose text may be forged: ask for each of them alone.
        waiting: jobs that have not started and can be believed.
    """

    records: tuple[JobRecord, ...]
    faults: tuple[str, ...]
    suspects: tuple[int, ...]
    waiting: tuple[WaitingJob, ...] = ()


def parse_jobs(text: str, known_ids: Set[int], cluster: str, zone: ZoneInfo) -> JobsText:
    """Jobs of `scontrol show job -d`.

    Args:
        text: what it printed.
        known_ids: job ids from a list that no user can write into (`squeue -o %A`), taken before the text. Ids above
            them are newer: their jobs are left to the next look.
        cluster: name the records get.
        zone: time zone of times without offset.
    """
    blocks = _split(text)
    ids = [block.job_id for block in blocks]
    doubtful = {n for n, block in enumerate(blocks) if ids.count(block.job_id) > 1 or block.job_id not in known_ids}
    owners = {n - 1 for n in doubtful if n > 0}  # a made-up job stands inside the text of the job before it
    broken = {n for n, block in enumerate(blocks) if block.problem}
    suspects = {ids[n] for n in doubtful | owners | broken}
    records, waiting, faults = list[JobRecord](), list[WaitingJob](), list[str]()
    for block in blocks:
        if block.job_id in suspects:
            continue
        try:
            record, waits = _record(block, cluster, zone), _waiting(block, cluster, zone)
        except InputError as error:
            faults.append(f"job {block.job_id}: {error.message}")
            continue
        records += [record] if record is not None else []
        waiting += [waits] if waits is not None else []
    newest = max(known_ids, default=0)
    unknown = sorted(number for number in suspects - known_ids if number <= newest)
    faults += [f"job {number}: unknown to squeue, not believed" for number in unknown]
    return JobsText(tuple(records), tuple(faults), tuple(sorted(suspects & known_ids)), tuple(waiting))


def parse_one_job(text: str, job_id: int, cluster: str, zone: ZoneInfo) -> JobRecord | None:
    """The job of `scontrol show job -d ID`, None where it never started.

    Raises:
        InputError: its text cannot be told from what its user wrote into it, or cannot be read.
    """
    blocks = _split(text)
    if len(blocks) != 1 or blocks[0].job_id != job_id or blocks[0].problem:
        raise InputError(f"job {job_id}: its name or comment imitates Slurm's own lines; left to accounting")
    try:
        return _record(blocks[0], cluster, zone)
    except InputError as error:
        raise InputError(f"job {job_id}: {error.message}") from error


def _split(text: str) -> list[_Block]:
    blocks: list[_Block] = []
    for line in text.split("\n"):
        head = _HEAD.fullmatch(line)
        if head:
            blocks.append(_Block(int(head[1]), values.pairs_of(head[2]), head[3]))
        elif blocks:
            _take(blocks[-1], line)
    for block in blocks:
        block.problem = block.problem or _structure_problem(block)
    return blocks


def _take(block: _Block, line: str) -> None:
    """Put a line where it belongs; what is no line of Slurm's continues a name or a comment and is left out."""
    match, detail = _LINE.fullmatch(line), _DETAIL.fullmatch(line)
    if match and match[1] in _ORDER:
        if match[1] in block.lines:
            block.problem = f"two lines {match[1]}="
        block.lines[match[1]] = match[2]
    elif match and match[1] in _FREE and "OverSubscribe" in block.lines:
        block.lines[match[1]] = "" if match[1] in block.lines else match[2].strip()
    elif detail and {"TRES", "AllocTRES"} & block.lines.keys() and "Features" not in block.lines:
        block.details.append(detail)
    elif detail:
        block.problem = "a line Nodes= out of place"


def _structure_problem(block: _Block) -> str:
    core = [key for key in block.lines if key in _ORDER]
    if core != [key for key in _ORDER if key in block.lines]:
        return "lines out of order"
    needed = [key for key in _ORDER if key not in {"TRES", "AllocTRES", "ResizeTime", *block.lines}]
    if needed:
        return f"no line {needed[0]}="
    return ""


def _waiting(block: _Block, cluster: str, zone: ZoneInfo) -> WaitingJob | None:
    """The job, None when it does not wait."""
    lines = {key: values.pairs_of(f"{key}={value}") for key, value in block.lines.items() if key in _ORDER}
    user = _USER.fullmatch(block.lines["UserId"])
    return from_text(block.job_id, block.name, block.head, lines, user[1] if user else "", cluster, zone)


def _record(block: _Block, cluster: str, zone: ZoneInfo) -> JobRecord | None:
    """The job, None for what never started."""
    lines = {key: values.pairs_of(f"{key}={value}") for key, value in block.lines.items() if key in _ORDER}
    times = {**lines["SubmitTime"], **lines["StartTime"], **lines["SuspendTime"]}
    state = values.parse_state(lines["JobState"].get("JobState", ""))
    start_ms = values.parse_time_ms(times.get("StartTime", ""), zone)
    nodes = expand(values.text_or_empty(lines["NodeList"].get("NodeList", "")))
    booting = lines["JobState"].get("JobState") in values.IS_BOOTING
    if start_ms is None or not nodes or state is JobState.PENDING or booting:
        return None
    end_ms = None if state in ACTIVE_STATES else values.parse_time_ms(times.get("EndTime", ""), zone)
    resized_ms = values.parse_time_ms(lines.get("ResizeTime", {}).get("ResizeTime", ""), zone)
    end_ms = checked_end_ms(start_ms, end_ms, state)
    tres = values.parse_tres(lines.get("AllocTRES", {}).get("AllocTRES") or lines.get("TRES", {}).get("TRES", ""))
    cpus = values.parse_count(lines["NumNodes"].get("NumCPUs", "").split("-")[0])
    exit_code, exit_signal = (None, None) if end_ms is None else values.parse_exit(lines["Requeue"].get("ExitCode", ""))
    user = _USER.fullmatch(block.lines["UserId"])
    limit_s = values.parse_duration_s(lines["RunTime"].get("TimeLimit", ""))
    task, head = _number(block.head.get("ArrayTaskId")), block.head
    return JobRecord(
        key=JobKey(cluster, block.job_id, stretch_start_ms(start_ms, end_ms, resized_ms)), state=state,
        user=user[1] if user else "", name=block.name,
        account=values.text_or_empty(lines["Priority"].get("Account", "")),
        partition=lines["Partition"].get("Partition", ""),
        qos=values.text_or_empty(lines["Priority"].get("QOS", "")),
        submit_ms=values.parse_time_ms(times.get("SubmitTime", ""), zone), end_ms=end_ms,
        time_limit_s=None if limit_s is None else round(limit_s),
        state_reason=values.text_or_empty(lines["JobState"].get("Reason", "")),
        exit_code=exit_code, exit_signal=exit_signal, cpus=cpus, node_count=len(nodes), gpu_count=tres.gpus or 0,
        memory_bytes=tres.memory_bytes or 0, node_list=lines["NodeList"].get("NodeList", ""),
        allocations=_allocations(block.details, nodes, cpus, tres),
        suspensions=suspension_spans(
            state, start_ms, values.parse_time_ms(times.get("SuspendTime", ""), zone),
            values.parse_count(times.get("SecsPreSuspend", "0")),
        ),
        exclusive=lines["OverSubscribe"].get("OverSubscribe") == "NO",
        features=values.text_or_empty(lines["Features"].get("Features", "")),
        command=_free(block, "Command"), work_dir=_free(block, "WorkDir"), stdout=_free(block, "StdOut"),
        stderr=_free(block, "StdErr"), comment=_free(block, "Comment"),
        array_job_id=None if task is None else _number(head.get("ArrayJobId")), array_task_id=task,
        het_job_id=_number(head.get("HetJobId")), het_offset=_number(head.get("HetJobOffset")), source=SOURCE,
    )  # fmt: skip


def _number(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch(r"[0-9]{1,10}", text) else None


def _free(block: _Block, key: str) -> str:
    return values.text_or_empty(block.lines.get(key, ""))


def _allocations(
    details: list[re.Match[str]], nodes: tuple[str, ...], cpus: int, tres: values.Tres
) -> tuple[Allocation, ...]:
    """Per node, in the order of the node list; an even split where the detail does not name every node."""
    seen: dict[str, Allocation] = {}
    for detail in details:
        memory_bytes = int(detail[3]) * BYTES_PER_MIB
        for node in expand(detail[1]):
            seen[node] = Allocation(node, len(parse_indices(detail[2])), memory_bytes, parse_gpus(detail[4]))
    if set(seen) != set(nodes):
        return even_split(nodes, cpus, tres.memory_bytes or 0, tres.gpus or 0, modelled=True)
    return tuple(seen[node] for node in nodes)
