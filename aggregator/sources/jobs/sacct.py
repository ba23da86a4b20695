"""`sacct -P` output as job records: one per attempt, whatever the columns' order."""

import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from aggregator.sources.jobs import values
from aggregator.sources.jobs.commands import run
from aggregator.sources.jobs.interrupt import Interrupt
from aggregator.sources.jobs.records import (
    checked_end_ms,
    even_split,
    is_other_cluster,
    job_energy_j,
    one_line,
    other_clusters,
    ran_in,
    stretch_start_ms,
    with_expanded_paths,
    without_resized_cpu,
    zone_named,
)
from aggregator.sources.jobs.table import Row, read_rows
from maxwatt.config import Settings
from maxwatt.domain.errors import InputError, SourceError
from maxwatt.domain.hostlist import expand
from maxwatt.domain.jobs import JobKey, JobRecord, JobState
from maxwatt.domain.merge import ACCOUNTING

COLUMNS: Final = (
    "Cluster", "JobIDRaw", "JobID", "User", "Account", "Partition", "QOS", "Submit", "Eligible", "Start", "End",
    "TimelimitRaw", "ExitCode", "AllocCPUS", "NNodes", "AllocTRES", "ReqMem", "NodeList", "TotalCPU",
    "ConsumedEnergyRaw", "Constraints", "Reason", "Exclusive", "JobName", "Comment", "WorkDir", "SubmitLine",
    "StdOut", "StdErr", "State",
)  # fmt: skip
"""What is asked of sacct, as far as its version has it. State last: no value of it can hold a line break."""

ENERGY: Final = "consumedenergyraw"


class _Step(NamedTuple):
    job_id: int
    name: str
    start_ms: int | None
    cpu_s: float | None
    energy_j: float | None


def parse_sacct(
    lines: Iterable[str], cluster: str, zone: str, *, delimiter: str = "|", joined: bool = False
) -> tuple[list[JobRecord], list[str]]:
    """Job records of `sacct -P` output with its header.

    Steps only fill a TotalCPU and an energy that their job lacks. Jobs that never started (pending, cancelled before
    the start) used nothing and give no record.

    Args:
        lines: text lines, the header first.
        cluster: name the records get; rows that name another are reported and left out.
        zone: time zone of times without offset.
        delimiter: what separates the columns.
        joined: values may hold line breaks (see `table.read_rows`).

    Returns:
        Records in order of the rows, and a sentence with the row number for every row that could not be read.

    Raises:
        InputError: JobID (or JobIDRaw), Start or State is missing from the header, the zone is unknown, or every row
            names another cluster.
    """
    where, faults = zone_named(zone), list[str]()
    records: list[JobRecord] = []
    steps: list[_Step] = []
    others, own = Counter[str](), 0
    for row in read_rows(lines, delimiter, faults, joined=joined):
        if is_other_cluster(row.get("cluster"), cluster):
            others[row.get("cluster")] += 1
            continue
        own += 1
        try:
            read = _read_row(row, cluster, where)
        except InputError as error:
            faults.append(f"row {row.line}: {error.message}")
            continue
        if isinstance(read, _Step):
            steps.append(read)
        elif read is not None:
            records.append(read)
    return without_resized_cpu(_with_steps(_by_key(records), steps)), faults + other_clusters(others, own, cluster)


def _by_key(records: Sequence[JobRecord]) -> dict[JobKey, JobRecord]:
    """A row that comes twice counts once, the finished one if there is one."""
    found: dict[JobKey, JobRecord] = {}
    for record in records:
        known = found.get(record.key)
        found[record.key] = record if known is None or known.end_ms is None else known
    return found


def _read_row(row: Row, cluster: str, zone: ZoneInfo) -> JobRecord | _Step | None:
    """A job, a step, or None for what never started."""
    raw = values.parse_job_id(row.get("jobidraw", "jobid"))
    start_ms = values.parse_time_ms(row.get("start"), zone)
    if raw.step:
        cpu_s, energy_j = values.parse_duration_s(row.get("totalcpu")), values.parse_energy_j(row.get(ENERGY))
        return _Step(raw.base, raw.step, start_ms, cpu_s, energy_j) if raw.plain else None
    state = values.parse_state(row.get("state"))
    if start_ms is None or state is JobState.PENDING or row.get("nodelist") == "None assigned":
        return None
    if row.values.get("alloccpus", "").strip() == "0" and not values.text_or_empty(row.get("nodelist")):
        return None
    if not raw.plain:
        raise InputError(f"job {row.get('jobid')} has no raw id: export JobIDRaw too")
    changes = (values.parse_time_ms(row.get(name), zone) for name in ("submit", "eligible"))
    start_ms = stretch_start_ms(start_ms, values.parse_time_ms(row.get("end"), zone), *changes)
    return _record(row, JobKey(cluster, raw.base, start_ms), state, zone)


def _record(row: Row, key: JobKey, state: JobState, zone: ZoneInfo) -> JobRecord:
    end_ms = checked_end_ms(key.start_ms, values.parse_time_ms(row.get("end"), zone), state)
    shown = values.parse_job_id(row.get("jobid", "jobidraw"))
    tres = values.parse_tres(row.get("alloctres"))
    nodes = expand(values.text_or_empty(row.get("nodelist")))
    cpus = tres.cpus if tres.cpus is not None else _count(row.get("alloccpus", "ncpus"))
    memory_bytes = tres.memory_bytes if tres.memory_bytes is not None else _requested_bytes(row, cpus, len(nodes))
    exit_code, exit_signal = values.parse_exit(row.get("exitcode")) if end_ms is not None else (None, None)
    record = JobRecord(
        key=key, state=state, user=row.get("user"), name=one_line(row.get("jobname")), account=row.get("account"),
        partition=row.get("partition"), qos=row.get("qos"), submit_ms=values.parse_time_ms(row.get("submit"), zone),
        end_ms=end_ms, time_limit_s=_limit_s(row), state_reason=values.text_or_empty(row.get("reason")),
        exit_code=exit_code, exit_signal=exit_signal, cpus=cpus, node_count=len(nodes) or _count(row.get("nnodes")),
        gpu_count=tres.gpus or 0, memory_bytes=memory_bytes, node_list=values.text_or_empty(row.get("nodelist")),
        allocations=even_split(nodes, cpus, memory_bytes, tres.gpus or 0), exclusive=row.get("exclusive") == "YES",
        total_cpu_s=values.parse_duration_s(row.get("totalcpu")) if end_ms is not None else None,
        consumed_energy_j=values.parse_energy_j(row.get(ENERGY)) if end_ms is not None else None,
        features=values.text_or_empty(row.get("constraints")), command=row.get("submitline"),
        work_dir=row.get("workdir"), stdout=row.get("stdout"), stderr=row.get("stderr"),
        comment=one_line(row.get("comment")), array_job_id=None if shown.task is None else shown.base,
        array_task_id=shown.task, het_job_id=None if shown.het_offset is None else shown.base,
        het_offset=shown.het_offset, source=ACCOUNTING,
    )  # fmt: skip
    return with_expanded_paths(record)


def _count(text: str) -> int:
    return values.parse_count(text) if values.text_or_empty(text) else 0


def _limit_s(row: Row) -> int | None:
    raw = row.get("timelimitraw").strip()
    if raw.isdecimal():
        return values.parse_count(raw) * 60
    limit_s = values.parse_duration_s(row.get("timelimit"))
    return None if limit_s is None else round(limit_s)


def _requested_bytes(row: Row, cpus: int, nodes: int) -> int:
    memory = values.parse_memory(row.get("reqmem"))
    if memory is None:
        return 0
    size, per = memory
    return size * {"c": cpus, "n": max(nodes, 1)}.get(per, 1)


def _with_steps(found: dict[JobKey, JobRecord], steps: Sequence[_Step]) -> list[JobRecord]:
    """The records, what their own rows lack taken from their steps."""
    of: dict[JobKey, list[_Step]] = {}
    attempts: dict[int, list[JobKey]] = {}
    for key in sorted(key for key, record in found.items() if record.end_ms is not None):
        attempts.setdefault(key.job_id, []).append(key)
    for step in steps:
        begun = [key for key in attempts.get(step.job_id, []) if step.start_ms and key.start_ms <= step.start_ms]
        if begun and step.start_ms and step.start_ms <= (found[begun[-1]].end_ms or 0):
            of.setdefault(begun[-1], []).append(step)
    return [_with_own_steps(record, of.get(key, [])) for key, record in found.items()]


def _with_own_steps(record: JobRecord, steps: Sequence[_Step]) -> JobRecord:
    """TotalCPU is the sum of all steps; the energy is that of the batch script, see `records.job_energy_j`."""
    cpu_s = [step.cpu_s for step in steps if step.cpu_s is not None]
    batch_j = next((step.energy_j for step in steps if step.name == "batch"), None)
    return replace(
        record,
        total_cpu_s=sum(cpu_s) if cpu_s and not record.total_cpu_s else record.total_cpu_s,
        consumed_energy_j=job_energy_j(record.consumed_energy_j, batch_j, record.node_count),
    )


class SacctSource:
    """Slurm's accounting through the command `sacct`."""

    name = ACCOUNTING

    def __init__(self, settings: Settings, interrupt: Interrupt) -> None:
        self._settings, self._interrupt = settings, interrupt
        self._columns: tuple[str, ...] = ()

    def jobs(self, start_ms: int, end_ms: int) -> tuple[list[JobRecord], list[str]]:
        """Jobs that ran at any time in [start_ms, end_ms), and a sentence for every row that could not be read.

        Raises:
            SourceError: sacct or slurmdbd did not answer.
        """
        # A delimiter nobody can know beforehand: job names and comments may hold any sign and any line break.
        delimiter = f"\x1f{secrets.token_hex(8)}\x1f"
        arguments = [
            "--allusers", "--local", "--parsable2", "--duplicates", f"--delimiter={delimiter}",
            f"--starttime={_utc(start_ms)}", f"--endtime={_utc(end_ms + 999)}", f"--format={','.join(self._known())}",
        ]  # fmt: skip
        lines = run(self._settings.slurm, "sacct", arguments, self._interrupt).split("\n")
        try:
            records, faults = parse_sacct(lines, self._settings.cluster.name, "UTC", delimiter=delimiter, joined=True)
        except InputError as error:
            raise SourceError(f"sacct: {error}") from error
        return [record for record in records if ran_in(record, start_ms, end_ms)], faults

    def _known(self) -> tuple[str, ...]:
        """The columns that this version of sacct has: asking for others makes it refuse."""
        if not self._columns:
            offered = set(run(self._settings.slurm, "sacct", ["--helpformat"], self._interrupt).split())
            self._columns = tuple(column for column in COLUMNS if column in offered)
        return self._columns


def _utc(ts_ms: int) -> str:
    return datetime.fromtimestamp(ts_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
