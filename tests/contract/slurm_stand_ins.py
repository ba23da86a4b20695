"""Stand-ins for Slurm that answer as recorded: a slurmrestd on loopback or on a Unix socket, commands, and pyslurm."""

import gzip
import json
import socketserver
import ssl
import sys
import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

FIXTURES = Path(__file__).parent.parent / "fixtures" / "slurm"
JSON = "application/json"
REST_FILES = {  # data parser version: what was recorded for jobs, nodes, accounting
    38: ("rest-jobs-2205", "rest-nodes-2205", "rest-db-2205"),
    42: ("scontrol-2411", "nodes-2411", "rest_db-2411"),
    45: ("scontrol-2605", "nodes-2605", "rest_db-2605"),
}


def raw(name: str) -> bytes:
    return gzip.decompress((FIXTURES / f"{name}.gz").read_bytes())


def document(name: str):
    return json.loads(raw(f"{name}.json"))


def rest_answers(version: int) -> dict[str, tuple[int, str, bytes]]:
    """Path to status, media type and body, as the slurmrestd of one data parser version answers."""
    jobs, nodes, accounting = (raw(f"{name}.json") for name in REST_FILES[version])
    paths = {f"/slurm/v0.0.{version}/jobs": jobs, f"/slurm/v0.0.{version}/nodes": nodes,
             f"/slurmdb/v0.0.{version}/jobs": accounting}  # fmt: skip
    openapi = json.dumps({"openapi": "3.0.2", "paths": {path: {} for path in paths}}).encode()
    return {path: (200, JSON, body) for path, body in (paths | {"/openapi/v3": openapi}).items()}


@dataclass
class RestServer:
    """A running stand-in. `answers` may be changed while it runs; an answer may be a function of the connection."""

    url: str
    answers: dict[str, tuple[int, str, bytes] | Callable[[BaseHTTPRequestHandler], None]]
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)


class _Tcp(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True


class _Unix(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


@contextmanager
def rest_server(answers, socket: Path | None = None, tls: ssl.SSLContext | None = None):
    """Serve until the end of the block; on loopback, perhaps with TLS, or on a Unix socket."""
    running = RestServer("", dict(answers))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            running.seen.append((self.path, dict(self.headers)))
            answer = running.answers.get(urlsplit(self.path).path, (404, "text/plain", b"Unable find requested URL."))
            if callable(answer):
                answer(self)
                return
            status, kind, body = answer
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = _Unix(str(socket), Handler) if socket else _Tcp(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    place = f"127.0.0.1:{server.server_address[1]}" if not socket else ""
    running.url = f"unix://{socket}" if socket else f"{'https' if tls else 'http'}://{place}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def install(folder: Path, name: str, body: str) -> None:
    """Put a Python program into a folder of commands."""
    path = folder / name
    path.write_text(f"#!{sys.executable}\n{body}")
    path.chmod(0o755)


class PyslurmError(Exception):
    """As pyslurm's own."""


def pyslurm_module(jobs: Any, nodes: Any) -> ModuleType:
    """A module like pyslurm 25.11.2, whose objects hold what Slurm's JSON holds.

    Attributes and their odd ways are those of its source: None for 0, also for task 0; exit codes less 128; the CPUs
    of a node are its cores.
    """
    module: Any = ModuleType("pyslurm")
    module.PyslurmError = PyslurmError
    module.Jobs = SimpleNamespace(load=lambda: {n: _pyslurm_job(job) for n, job in enumerate(jobs["jobs"])})
    module.Nodes = SimpleNamespace(load=lambda: {node["name"]: _pyslurm_node(node) for node in nodes["nodes"]})
    return module


def _number(value: Any) -> int | None:
    if isinstance(value, dict):
        value = value["number"] if value["set"] and not value["infinite"] else None
    return value or None


def _pyslurm_job(job: Any) -> SimpleNamespace:
    code = _number(job["exit_code"]["return_code"]) or 0
    same = ("name", "account", "partition", "qos", "cluster", "state_reason", "command", "comment")
    return SimpleNamespace(
        **{name: job[name] or None for name in same},
        **{name: _number(job[name]) for name in ("submit_time", "start_time", "end_time", "suspend_time")},
        id=job["job_id"], state=job["job_state"][0], user_name=job["user_name"], cpus=_number(job["cpus"]) or 1,
        pre_suspension_time=_number(job["pre_sus_time"]), time_limit=_number(job["time_limit"]),
        exit_code=code - 128 if code >= 128 else code, exit_code_signal=_number(job["exit_code"]["signal"]["id"]) or 0,
        allocated_nodes=job["nodes"] or None, constraints=job["features"].split(",") if job["features"] else [],
        resource_sharing="NO" if "none" in job["shared"] else "OK", working_directory=job["current_working_directory"],
        standard_output=job["stdout_expanded"], standard_error=job["stderr_expanded"],
        array_id=_number(job["array_job_id"]), array_task_id=_number(job["array_task_id"]),
        heterogeneous_id=_number(job["het_job_id"]), heterogeneous_offset=_number(job["het_job_offset"]),
        get_resource_layout_per_node=lambda: _pyslurm_layout(job),
    )  # fmt: skip


def _pyslurm_layout(job: Any) -> dict[str, Any]:
    held = ((job["job_resources"] or {}).get("nodes") or {}).get("allocation") or []
    cores = [
        sum("ALLOCATED" in core["status"] for socket in node["sockets"] for core in socket["cores"]) for node in held
    ]
    gres = job["gres_detail"] if len(job["gres_detail"]) == len(held) else [""] * len(held)
    return {
        node["name"]: {"cpu_ids": f"0-{count - 1}", "memory": _number(node["memory"]["allocated"]), "gres": _gres(text)}
        for node, count, text in zip(held, cores, gres, strict=True)
    }


def _gres(text: str) -> dict[str, Any]:
    """Of one kind of GRES, such as `gpu:a100:2(IDX:0-1)` or `gpu:a100:4`."""
    name, _, rest = text.partition("(")
    kind, _, count = name.rpartition(":")
    if not kind:
        return {}
    return {kind: {"count": int(count), "indexes": rest[4:-1]} if rest.startswith("IDX:") else int(count)}


def _pyslurm_node(node: Any) -> SimpleNamespace:
    return SimpleNamespace(
        name=node["name"], state="+".join(node["state"]), effective_cpus=_number(node["effective_cpus"]) or 0,
        total_cpus=_number(node["cpus"]), real_memory=_number(node["real_memory"]),
        memory_reserved_for_system=_number(node["specialized_memory"]), configured_gres=_gres(node["gres"]),
        partitions=node["partitions"], active_features=node["active_features"], reason=node["reason"] or None,
    )  # fmt: skip
