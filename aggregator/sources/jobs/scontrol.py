"""Slurm's controller through the command `scontrol`: jobs and nodes as they are now."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from aggregator.sources.jobs import slurm_json
from aggregator.sources.jobs.commands import run
from aggregator.sources.jobs.interrupt import Interrupt
from aggregator.sources.jobs.scontrol_nodes import parse_nodes
from aggregator.sources.jobs.scontrol_text import SOURCE, parse_jobs, parse_one_job
from maxwatt.config import Settings
from maxwatt.domain.clock import now_ms
from maxwatt.domain.errors import InputError, SourceError
from maxwatt.domain.jobs import JobRecord, NodeRecord, SlurmSnapshot, WaitingJob

JSON_SINCE: Final = (24, 11)
"""From this version on JSON tells the CPUs of a job per node; before, only the text does."""

MAX_SINGLE_QUERIES: Final = 20
"""Jobs asked for one by one in a poll; more imitations than that wait for the next."""

_UTC: Final = ZoneInfo("UTC")


class ScontrolSource:
    """Live jobs and nodes: text before Slurm 24.11, JSON since."""

    name = SOURCE

    def __init__(self, settings: Settings, interrupt: Interrupt) -> None:
        self._slurm, self._interrupt = settings.slurm, interrupt
        self._cluster = settings.cluster.name
        self._version: tuple[int, int] | None = None

    def snapshot(self) -> SlurmSnapshot:
        """Jobs and nodes as they are now.

        Raises:
            SourceError: the controller did not answer, or not in a form that is known.
        """
        taken_ms = now_ms()
        as_json = self._read_version() >= JSON_SINCE
        jobs, waiting, job_faults = self._json_jobs() if as_json else self._text_jobs()
        nodes, node_faults = self._json_nodes() if as_json else self._text_nodes()
        return SlurmSnapshot(taken_ms, tuple(jobs), tuple(nodes), (*job_faults, *node_faults), tuple(waiting))

    def _run(self, program: str, arguments: list[str]) -> str:
        return run(self._slurm, program, arguments, self._interrupt)

    def _read_version(self) -> tuple[int, int]:
        if self._version is None:
            self._version = parse_version(self._run("scontrol", ["--version"]))
        return self._version

    def _text_jobs(self) -> tuple[list[JobRecord], Sequence[WaitingJob], list[str]]:
        # Ids first, in a form no job name can reach into: what the text shows beyond them is younger or made up.
        known = self._run("squeue", ["--noheader", "--all", "--local", "--states=all", "--format=%A"])
        text = self._run("scontrol", ["--all", "--local", "--details", "show", "job"])
        parsed = parse_jobs(text, parse_ids(known), self._cluster, _UTC)
        records, faults = list(parsed.records), list(parsed.faults)
        for job_id in parsed.suspects[:MAX_SINGLE_QUERIES]:
            try:
                record = self._single_job(job_id)
            except (InputError, SourceError) as error:
                faults.append(str(error))
                continue
            if record is not None:
                records.append(record)
        faults += [f"job {job_id}: not read, too many imitations" for job_id in parsed.suspects[MAX_SINGLE_QUERIES:]]
        return records, parsed.waiting, faults

    def _single_job(self, job_id: int) -> JobRecord | None:
        text = self._run("scontrol", ["--all", "--local", "--details", "show", "job", str(job_id)])
        return parse_one_job(text, job_id, self._cluster, _UTC)

    def _text_nodes(self) -> tuple[Iterable[NodeRecord], Iterable[str]]:
        nodes, faults = parse_nodes(self._run("scontrol", ["--all", "--local", "show", "node"]))
        if not nodes:
            raise SourceError("scontrol shows no node")
        return nodes, faults

    def _json_jobs(self) -> tuple[list[JobRecord], Sequence[WaitingJob], list[str]]:
        document = self._json(["--details", "show", "jobs"])
        try:
            jobs, faults = slurm_json.parse_scontrol_jobs(document, self._cluster)
            return jobs, slurm_json.parse_waiting(document, self._cluster), faults
        except InputError as error:
            raise SourceError(f"scontrol show jobs --json: {error}") from error

    def _json_nodes(self) -> tuple[list[NodeRecord], list[str]]:
        try:
            return slurm_json.parse_scontrol_nodes(self._json(["show", "nodes"]))
        except InputError as error:
            raise SourceError(f"scontrol show nodes --json: {error}") from error

    def _json(self, arguments: list[str]) -> Any:
        try:
            return json.loads(self._run("scontrol", ["--all", "--local", "--json", *arguments]))
        except ValueError as error:
            raise SourceError(f"scontrol {' '.join(arguments)} printed no JSON: {error}") from error


def parse_version(text: str) -> tuple[int, int]:
    """Version of `slurm-wlm 22.05.8`.

    Raises:
        SourceError: there is none in the text.
    """
    match = re.search(r"\b(\d{2})\.(\d{2})\b", text)
    if not match:
        raise SourceError(f"scontrol tells no version: {text[:80]!r}")
    return int(match[1]), int(match[2])


def parse_ids(text: str) -> frozenset[int]:
    """Job ids, one a line.

    Raises:
        SourceError: a line that is none.
    """
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if not all(re.fullmatch(r"[0-9]{1,10}", line) for line in lines):
        raise SourceError("squeue printed something else than job ids")
    return frozenset(int(line) for line in lines)
