"""Pending jobs of the controller's answer, with the reason that Slurm gives. Pure."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from aggregator.sources.jobs import values
from aggregator.sources.jobs.json_values import at, number, state_of, text, time_ms
from aggregator.sources.jobs.records import one_line
from maxwatt.domain.jobs import JobState, WaitingJob

_S_PER_MIN = 60


def from_json(entry: Any, cluster: str) -> WaitingJob | None:
    """A job of scontrol's or slurmrestd's JSON, in today's form; None when it does not wait."""
    if state_of(at(entry, "job_state")) is not JobState.PENDING:
        return None
    job_id, limit_min = number(at(entry, "job_id")), number(at(entry, "time_limit"))
    if not job_id or job_id < 0:
        return None  # the pass over all jobs names it as a fault
    return WaitingJob(
        cluster=cluster, job_id=job_id, user=text(at(entry, "user_name")), name=one_line(text(at(entry, "name"))),
        account=text(at(entry, "account")), partition=text(at(entry, "partition")), qos=text(at(entry, "qos")),
        reason=text(at(entry, "state_reason")), submit_ms=time_ms(at(entry, "submit_time")),
        expected_ms=time_ms(at(entry, "start_time")),
        time_limit_s=None if limit_min is None else limit_min * _S_PER_MIN,
        cpus=number(at(entry, "cpus")) or 0, node_count=number(at(entry, "node_count")) or 0,
        array_tasks=text(at(entry, "array_task_string")),
    )  # fmt: skip


def from_text(
    job_id: int, name: str, head: Mapping[str, str], lines: Mapping[str, Mapping[str, str]], user: str, cluster: str,
    zone: ZoneInfo,
) -> WaitingJob | None:  # fmt: skip
    """A job of scontrol's text, its lines taken apart; None when it does not wait."""
    if values.parse_state(lines["JobState"].get("JobState", "")) is not JobState.PENDING:
        return None
    limit_s = values.parse_duration_s(lines["RunTime"].get("TimeLimit", ""))
    nodes = lines["NumNodes"].get("NumNodes", "").split("-")[0]
    return WaitingJob(
        cluster=cluster, job_id=job_id, user=user, name=name,
        account=values.text_or_empty(lines["Priority"].get("Account", "")),
        partition=lines["Partition"].get("Partition", ""),
        qos=values.text_or_empty(lines["Priority"].get("QOS", "")),
        reason=values.text_or_empty(lines["JobState"].get("Reason", "")),
        submit_ms=values.parse_time_ms(lines["SubmitTime"].get("SubmitTime", ""), zone),
        expected_ms=values.parse_time_ms(lines["StartTime"].get("StartTime", ""), zone),
        time_limit_s=None if limit_s is None else round(limit_s),
        cpus=values.parse_count(lines["NumNodes"].get("NumCPUs", "").split("-")[0]),
        node_count=values.parse_count(nodes) if nodes.isdecimal() else 0,
        array_tasks=head.get("ArrayTaskId", ""),
    )  # fmt: skip
