"""Slurm through its REST daemon: live jobs and nodes from the controller, finished jobs from slurmdbd."""

import json
from collections.abc import Callable
from typing import Any, Final, TypeVar

from aggregator.sources.jobs import rest_http, slurm_json
from aggregator.sources.jobs.interrupt import Interrupt
from aggregator.sources.jobs.records import ran_in
from aggregator.sources.jobs.rest_paths import Paths, choose_paths
from aggregator.sources.jobs.web_token import token_headers
from maxwatt.config import Settings
from maxwatt.domain.clock import now_ms
from maxwatt.domain.errors import ConfigError, InputError, SourceError
from maxwatt.domain.jobs import JobKey, JobRecord, SlurmSnapshot, WaitingJob
from maxwatt.domain.units import MS_PER_S

NAME: Final = "slurmrestd"
OPENAPI: Final = "/openapi/v3"

PIECE_MS: Final = 2 * 3600 * MS_PER_S
"""Longest span [ms] of accounting in one request: a job with its steps is 14 kB of JSON and more."""

_REFUSED: Final = (401, 403)
_Parsed = TypeVar("_Parsed")


class RestClient:
    """Asks one slurmrestd; finds out once which versions it has, and again after a failure.

    Raises:
        ConfigError: the settings have no token for a server that needs one.
    """

    def __init__(self, settings: Settings, interrupt: Interrupt) -> None:
        self._slurm, self._interrupt = settings.slurm, interrupt
        self._paths: Paths | None = None
        slurm = settings.slurm
        if not slurm.rest_url.startswith("unix:") and not (slurm.rest_key_file or slurm.rest_token_file):
            raise ConfigError(
                f"slurmrestd at {slurm.rest_url} wants a web token: set slurm.rest_token_file or slurm.rest_key_file"
            )

    def ask(self, kind: str, read: Callable[[Any], _Parsed], query: str = "") -> _Parsed:
        """What `read` makes of the answer.

        Args:
            kind: field of `Paths`.
            read: raises InputError where it is no answer of Slurm.

        Raises:
            SourceError: no answer, a refusal, or something else than expected.
        """
        try:
            if self._paths is None:
                self._paths = choose_paths(self._document(OPENAPI))
            path: str = getattr(self._paths, kind)
            if not path:
                raise SourceError(f"slurmrestd offers no {kind} in a known version: load its openapi plugin for them")
            return read(self._document(path + query))
        except InputError as error:
            raise SourceError(f"slurmrestd, {kind}: {error}") from error
        except SourceError:
            self._paths = None
            raise

    def _document(self, path: str) -> Any:
        slurm = self._slurm
        headers = token_headers(slurm, now_ms() // MS_PER_S)
        answer = rest_http.get(slurm.rest_url, path, headers, slurm.command_timeout_s, self._interrupt)
        if answer.status in _REFUSED:
            raise SourceError(f"slurmrestd refuses {_who(slurm.rest_user, bool(headers))} with status {answer.status}")
        text = answer.body.decode("utf-8", "replace")
        document = _json(text) if answer.kind == "application/json" else None
        if answer.status != 200:
            raise SourceError(f"slurmrestd answers {path} with status {answer.status}: {_reason(document, text)}")
        if document is None:
            raise SourceError(f"slurmrestd answers {path} with {answer.kind} that is no JSON: {text[:80]!r}")
        return document


def _who(user: str, with_token: bool) -> str:
    if not with_token:
        return "this process: on its socket it wants root, its own user, or a web token"
    return f"the web token of {user}: is it the cluster's key, do the clocks agree, is it run out?"


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _reason(document: Any, text: str) -> str:
    """Slurm's own words; before Slurm 23.02 a token that the controller refuses reads only `Unspecified error`."""
    errors = document.get("errors") if isinstance(document, dict) else None
    told = str(errors)[:300] if errors else repr(text[:80])
    hint = "; perhaps the token is none of this cluster's" if "Unspecified error" in told else ""
    return told + hint


class SlurmrestdLive:
    """Live jobs and nodes."""

    name = NAME

    def __init__(self, settings: Settings, interrupt: Interrupt) -> None:
        self._cluster = settings.cluster.name
        self._client = RestClient(settings, interrupt)

    def snapshot(self) -> SlurmSnapshot:
        """Jobs and nodes as they are now.

        Raises:
            SourceError: slurmrestd or the controller behind it did not answer, or not in a form that is known.
        """
        taken_ms = now_ms()
        (jobs, job_faults), waiting = self._client.ask("jobs", self._read_jobs)
        nodes, node_faults = self._client.ask("nodes", slurm_json.parse_scontrol_nodes)
        if not nodes:
            raise SourceError("slurmrestd shows no node")
        return SlurmSnapshot(taken_ms, tuple(jobs), tuple(nodes), (*job_faults, *node_faults), tuple(waiting))

    def _read_jobs(self, document: Any) -> tuple[tuple[list[JobRecord], list[str]], list[WaitingJob]]:
        jobs = slurm_json.parse_scontrol_jobs(document, self._cluster, NAME)
        return jobs, slurm_json.parse_waiting(document, self._cluster)


class SlurmrestdAccounting:
    """Finished jobs."""

    name = NAME

    def __init__(self, settings: Settings, interrupt: Interrupt) -> None:
        self._cluster = settings.cluster.name
        self._client = RestClient(settings, interrupt)

    def jobs(self, start_ms: int, end_ms: int) -> tuple[list[JobRecord], list[str]]:
        """Jobs that ran at any time in [start_ms, end_ms), and a sentence for every entry that could not be read.

        Raises:
            SourceError: slurmrestd or slurmdbd behind it did not answer.
        """
        found, faults = dict[JobKey, JobRecord](), list[str]()
        for piece_ms in range(start_ms, end_ms, PIECE_MS):
            records, told = self._piece(piece_ms, min(piece_ms + PIECE_MS, end_ms))
            found |= {record.key: record for record in records if ran_in(record, start_ms, end_ms)}
            faults += [fault for fault in told if fault not in faults]  # a job is told in every piece in which it ran
        return list(found.values()), faults

    def _piece(self, start_ms: int, end_ms: int) -> tuple[list[JobRecord], list[str]]:
        # `uts` marks epoch seconds: other forms of time are local to slurmrestd
        query = f"?start_time=uts{max(start_ms // MS_PER_S, 1)}&end_time=uts{(end_ms + 999) // MS_PER_S}"
        return self._client.ask(
            "accounting", lambda document: slurm_json.parse_sacct_json(document, self._cluster), query
        )
