"""Slurm's text values as plain Python values: times, durations, memory, TRES, states, exit codes, job ids. Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from maxwatt.domain.errors import InputError
from maxwatt.domain.jobs import JobState

ABSENT: Final = frozenset({"", "Unknown", "None", "N/A", "(null)", "None assigned", "INVALID"})
"""How Slurm writes that there is no value."""

_LATEST_S: Final = 253_402_300_799  # the year 9999: later is no time of a job
_NO_ENERGY_J: Final = 10**15  # 278 GWh: no job
_BYTES: Final = {"": 1 << 20, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40, "P": 1 << 50}
_DURATION = re.compile(r"(?:(\d{1,7})-)?(?:(\d{1,6}):)?(\d{1,6}):(\d{1,6}(?:\.\d+)?)")
_MEMORY = re.compile(r"(\d{1,18}(?:\.\d+)?)([KMGTP]?)([cn]?)")
_STATE = re.compile(r"([A-Z_]+)(?: by \S+)?(?:\+.*)?")
_JOB_ID = re.compile(r"(\d{1,10})(?:_(?:(\d{1,10})|\[[^\]]*\])|\+(\d{1,5}))?(?:\.(\S+))?")

_FLAG_STATES: Final = {
    "CONFIGURING": JobState.RUNNING,  # nodes are allocated and may be booting: see `IS_BOOTING`
    "SIGNALING": JobState.RUNNING,
    "STOPPED": JobState.RUNNING,  # SIGSTOP: keeps its CPUs
    "COMPLETING": JobState.UNKNOWN,  # ended; the next look tells how
    "STAGE_OUT": JobState.UNKNOWN,
    "REQUEUE_FED": JobState.REQUEUED,
    "REQUEUE_HOLD": JobState.REQUEUED,
    "SPECIAL_EXIT": JobState.REQUEUED,
    "RESV_DEL_HOLD": JobState.PENDING,
    "LAUNCH_FAILED": JobState.FAILED,
    "RECONFIG_FAIL": JobState.FAILED,
}


IS_BOOTING: Final = frozenset({"CONFIGURING", "POWER_UP_NODE"})
"""States and flags of a job whose start is not settled: Slurm sets it anew when nodes had to be powered up."""


@dataclass(frozen=True, slots=True)
class Tres:
    """Trackable resources of a job; None where the text does not name them.

    Args:
        memory_bytes: memory over all nodes [B].
        gpus: GPUs over all nodes, typed and untyped names counted once.
    """

    cpus: int | None = None
    nodes: int | None = None
    memory_bytes: int | None = None
    gpus: int | None = None


@dataclass(frozen=True, slots=True)
class JobId:
    """A job id as people see it: `7`, `7_3`, `7_[3-9%2]`, `7+1`, each perhaps with `.step`.

    Args:
        base: the number before any sign; the raw id only of plain jobs.
        task: array task index, None for others and for the pending rest of an array.
        het_offset: component of a heterogeneous job.
        step: `batch`, `extern`, `0`, …; empty for the job itself.
        plain: the base is the job's own raw id.
    """

    base: int
    task: int | None = None
    het_offset: int | None = None
    step: str = ""
    plain: bool = True


def parse_time_ms(text: str, zone: ZoneInfo) -> int | None:
    """Time as epoch ms UTC, None where Slurm has none.

    Args:
        text: epoch seconds (as with `SLURM_TIME_FORMAT=%s`) or ISO 8601.
        zone: time zone of ISO times that carry no offset.

    Raises:
        InputError: it is no time, or a local time that the change of clocks made ambiguous or skipped.
    """
    text = text.strip()
    if text in ABSENT:
        return None
    if re.fullmatch(r"[0-9]{1,12}", text):
        return _epoch_ms(int(text), text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{text[:40]!r} is no time: expected epoch seconds or ISO 8601") from error
    if moment.tzinfo is None:
        moment = _localized(moment, zone, text)
    return _epoch_ms(round(moment.astimezone(UTC).timestamp()), text)


def _epoch_ms(seconds: int, text: str) -> int | None:
    if not 0 <= seconds <= _LATEST_S:
        raise InputError(f"{text[:40]!r} is no time of a job")
    return seconds * 1000 if seconds else None  # 0 is Slurm's "not yet"


def _localized(moment: datetime, zone: ZoneInfo, text: str) -> datetime:
    early, late = moment.replace(tzinfo=zone, fold=0), moment.replace(tzinfo=zone, fold=1)
    if early.utcoffset() != late.utcoffset():
        raise InputError(f"{text[:40]!r} is ambiguous in {zone.key}: export with SLURM_TIME_FORMAT=%s")
    return early


def parse_duration_s(text: str) -> float | None:
    """Duration [s] of `[D-]HH:MM:SS[.mmm]` or `MM:SS[.mmm]`; None for UNLIMITED, Partition_Limit and absent ones.

    Raises:
        InputError: it is no duration.
    """
    text = text.strip()
    if text in ABSENT or text.upper() in {"UNLIMITED", "PARTITION_LIMIT", "NOT_SET"}:
        return None
    match = _DURATION.fullmatch(text)
    if not match:
        raise InputError(f"{text[:40]!r} is no duration: expected [D-]HH:MM:SS")
    days, hours, minutes, seconds = match.groups(default="0")
    return int(days) * 86400 + int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def parse_memory(text: str) -> tuple[int, str] | None:
    """Memory [B] and what it is per: `n` node, `c` CPU, empty: in all. None where absent. A bare number is MiB.

    Raises:
        InputError: it is no memory size.
    """
    text = text.strip()
    if text in ABSENT or text == "?":
        return None
    match = _MEMORY.fullmatch(text)
    if not match:
        raise InputError(f"{text[:40]!r} is no memory size such as 4G, 2000M or 48000Mn")
    return round(float(match[1]) * _BYTES[match[2]]), match[3]


def parse_tres(text: str) -> Tres:
    """Resources of `billing=2,cpu=2,gres/gpu:a100=2,gres/gpu=2,mem=2000M,node=1`.

    GPUs stand there by type and in all; the total wins, else the types are summed.

    Raises:
        InputError: a pair that cannot be read.
    """
    if text.strip() in ABSENT:
        return Tres()
    pairs = dict(_tres_pair(item) for item in text.strip().split(","))
    typed = [parse_count(value) for name, value in pairs.items() if name.startswith("gres/gpu:")]
    total = pairs.get("gres/gpu")
    memory = parse_memory(pairs.get("mem", ""))
    return Tres(
        cpus=parse_count(pairs["cpu"]) if "cpu" in pairs else None,
        nodes=parse_count(pairs["node"]) if "node" in pairs else None,
        memory_bytes=memory[0] if memory else None,
        gpus=parse_count(total) if total is not None else sum(typed) if typed else None,
    )


def _tres_pair(item: str) -> tuple[str, str]:
    name, equals, value = item.partition("=")
    if not equals or not name:
        raise InputError(f"{item[:40]!r} is no resource such as cpu=2")
    return name, value


def parse_count(text: str) -> int:
    """A whole number of things.

    Raises:
        InputError: it is none.
    """
    if not re.fullmatch(r"[0-9]{1,10}", text.strip()):
        raise InputError(f"{text[:40]!r} is no count")
    return int(text)


def parse_energy_j(text: str) -> float | None:
    """Energy [J] of `ConsumedEnergyRaw`; None where Slurm measured none: it writes nothing, 0, or its largest numbers.

    Raises:
        InputError: it is no whole number.
    """
    text = text.strip()
    if text in ABSENT:
        return None
    if not re.fullmatch(r"[0-9]{1,20}", text):
        raise InputError(f"{text[:40]!r} is no energy in joules")
    return known_energy_j(int(text))


def known_energy_j(energy_j: int) -> float | None:
    """The energy [J], None for Slurm's ways to say that there is none: 0 and `NO_VAL64`."""
    return float(energy_j) if 0 < energy_j < _NO_ENERGY_J else None


def parse_state(text: str) -> JobState:
    """Base state of `COMPLETED`, `CANCELLED by 1234`, `COMPLETING`, `CANCELLED+`.

    Raises:
        InputError: a word that is no state.
    """
    match = _STATE.fullmatch(text.strip())
    word = match[1] if match else ""
    if word in _FLAG_STATES:
        return _FLAG_STATES[word]
    if word not in JobState.__members__:
        raise InputError(f"{text[:40]!r} is no job state")
    return JobState(word)


def parse_exit(text: str) -> tuple[int | None, int | None]:
    """Exit code and signal of `3:0`, `0:11`; None and None where absent.

    Raises:
        InputError: it is neither.
    """
    if text.strip() in ABSENT:
        return None, None
    match = re.fullmatch(r"([0-9]{1,10}):([0-9]{1,5})", text.strip())
    if not match:
        raise InputError(f"{text[:40]!r} is no exit code such as 0:9")
    return int(match[1]), int(match[2])


def parse_job_id(text: str) -> JobId:
    """Parts of a job id.

    Raises:
        InputError: it is none.
    """
    match = _JOB_ID.fullmatch(text.strip())
    if not match:
        raise InputError(f"{text[:40]!r} is no job id")
    base, task, offset, step = match.groups()
    plain = "_" not in text.split(".", maxsplit=1)[0] and offset is None
    return JobId(int(base), int(task) if task else None, int(offset) if offset else None, step or "", plain)


def text_or_empty(text: str) -> str:
    """The text, empty where Slurm writes that there is none."""
    text = text.strip()
    return "" if text in ABSENT else text


def pairs_of(line: str) -> dict[str, str]:
    """`A=1 B=2` as a dictionary, for lines of scontrol that hold no text of users."""
    return dict(item.split("=", 1) for item in line.split() if "=" in item)
