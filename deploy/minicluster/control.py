"""Asks the supervisor of a running cluster."""

import json
import socket
from pathlib import Path
from typing import Any

from deploy.minicluster.faults import ClusterFault
from deploy.minicluster.services import Service


def ask(folder: Path, request: dict[str, Any], limit_s: float = 15.0) -> dict[str, Any]:
    """One request, one answer.

    Raises:
        ClusterFault: nobody listens, or the supervisor could not do it.
    """
    path = folder / "run" / "control.sock"
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(limit_s)
            connection.connect(str(path))
            with connection.makefile("rw", encoding="utf-8") as stream:
                stream.write(json.dumps(request) + "\n")
                stream.flush()
                reply: dict[str, Any] = json.loads(stream.readline())
    except (OSError, ValueError) as error:
        raise ClusterFault(f"the supervisor at {path} does not answer: {error}") from error
    if "fault" in reply:
        raise ClusterFault(f"{request['op']} {request.get('name', '')}: {reply['fault']}")
    return reply


def start(folder: Path, service: Service, environment: dict[str, str]) -> int:
    """Start a server unless it runs. Returns its process id inside the namespace."""
    request = {
        "op": "start",
        "name": service.name,
        "argv": service.argv,
        "user": service.user,
        "environment": environment | service.environment,
    }
    return int(ask(folder, request)["pid"])


def stop(folder: Path, name: str, limit_s: float = 10.0) -> bool:
    """Stop a server. Returns whether it ended by itself within the time limit."""
    return bool(ask(folder, {"op": "stop", "name": name, "limit_s": limit_s}, limit_s + 5)["clean"])


def running(folder: Path) -> dict[str, int]:
    """Servers that run, with their process ids inside the namespace."""
    pids: dict[str, int] = ask(folder, {"op": "status"})["pids"]
    return pids
