"""A server of somebody's on the hub, read from the hub's record of its user."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from maxwatt.domain.units import MS_PER_S


class Phase(StrEnum):
    """How far a session is."""

    WAITING = "waiting"
    """Its job waits in Slurm's queue."""
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"


@dataclass(frozen=True, slots=True)
class Session:
    """One server.

    Args:
        owner: the hub's name of its user, which is the one in Slurm.
        name: of the server, unique among its owner's; empty for the default one.
        title: as people called it; may be empty.
        job_id: of its batch job, as the spawner says. The server can tell the hub another: whose job that is, only
            Slurm's records say.
        url: where it opens, on the hub's host.
        started_ms, last_activity_ms: as the hub knows [epoch ms]; None where it does not.
    """

    owner: str
    name: str
    title: str
    phase: Phase
    job_id: int | None
    url: str
    started_ms: int | None
    last_activity_ms: int | None

    def idle_since_ms(self, now_ms: int, idle_after_s: float) -> int | None:
        """Its last activity [epoch ms], when it runs and that is longer ago than `idle_after_s` [s]."""
        last_ms = self.last_activity_ms
        if self.phase is not Phase.RUNNING or last_ms is None:
            return None
        return last_ms if now_ms - last_ms > idle_after_s * MS_PER_S else None


def sessions_of(record: Mapping[str, Any]) -> tuple[Session, ...]:
    """Servers of a user's record that run, start or stop, by name; what is no server is left out."""
    owner, servers = record.get("name"), record.get("servers")
    if not isinstance(owner, str) or not isinstance(servers, dict):
        return ()
    found = (
        _session(owner, one) for one in servers.values() if isinstance(one, dict) and one.get("stopped") is not True
    )
    return tuple(sorted(found, key=lambda session: session.name))


def _session(owner: str, server: Mapping[str, Any]) -> Session:
    state = server.get("state") if isinstance(server.get("state"), dict) else {}
    return Session(
        owner,
        name=_text(server.get("name")),
        title=_text(server.get("display_name")),
        phase=_phase(server, _text((state or {}).get("job_status"))),
        job_id=_number((state or {}).get("job_id")),
        url=_path(server.get("full_url")) or _path(server.get("url")),
        started_ms=_time_ms(server.get("started")),
        last_activity_ms=_time_ms(server.get("last_activity")),
    )


def _phase(server: Mapping[str, Any], job_status: str) -> Phase:
    if server.get("pending") == "stop":
        return Phase.STOPPING
    if server.get("ready") is True:
        return Phase.RUNNING
    return Phase.WAITING if job_status.startswith("PENDING") else Phase.STARTING


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _path(value: object) -> str:
    """An address to open: a path of the hub's host or a whole one; nothing else, such as a script."""
    text = _text(value)
    local = text.startswith("/") and not text.startswith(("//", "/\\"))
    return text if local or text.startswith(("http://", "https://")) else ""


def _number(value: object) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 12 else None


def _time_ms(value: object) -> int | None:
    try:
        moment = datetime.fromisoformat(_text(value))
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(aware.timestamp() * MS_PER_S)
