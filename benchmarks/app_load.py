"""Users and agents at once, each a process of its own: recorded requests again and again, and pushes of samples.

A user opens a page, waits for all of it as a browser does (up to six connections), reads, and clicks: another order of
a table, or another page.
"""

import asyncio
import json
import random
import sqlite3
import time
from collections import defaultdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from app_jobs import CPUS, MEMORY, node_names
from app_pages import CLICK

CONNECTIONS = 6
"""That a browser opens to one server."""
PUSH_S = 15.0
TIMEOUT_S = 60.0

Row = tuple[str, str, float, int, int]
"""Kind, part, seconds, status (0: none), bytes as sent."""


class Connection:
    """One kept-alive connection that asks one thing at a time."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, head: bytes, body: bytes) -> tuple[int, int]:
        """Status and bytes of the answer; 0 where there was none.

        A connection that was kept may have been closed by the server meanwhile: then it is opened anew, as browsers do.
        """
        kept = self._streams is not None
        try:
            return await asyncio.wait_for(self._ask(head, body), TIMEOUT_S)
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            await self.close()
            unanswered = not getattr(error, "partial", b"")
            return await self.ask(head, body) if kept and unanswered else (0, 0)
        except (OSError, TimeoutError, ValueError):
            await self.close()
            return 0, 0

    async def _ask(self, head: bytes, body: bytes) -> tuple[int, int]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port, limit=1 << 20)
        reader, writer = self._streams
        writer.write(head + body)
        lines = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
        fields = {key.lower(): value.strip() for key, _, value in (line.partition(b":") for line in lines[1:])}
        size = int(fields.get(b"content-length", b"0"))
        await reader.readexactly(size)
        if fields.get(b"connection", b"").lower() == b"close":
            await self.close()
        return int(lines[0].split()[1]), size

    async def close(self) -> None:
        """Let go; the next question opens it again."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def users(plan: Path) -> dict[str, Any]:
    """As many users as the plan says, for its seconds; every answer, by kind and part."""
    given = json.loads(plan.read_text())
    return {"rows": asyncio.run(_users(given))}


async def _users(given: dict[str, Any]) -> list[Row]:
    until = time.monotonic() + given["seconds"]
    visits = [[_prepared(given, request) for request in visit] for visit in given["visits"]]
    found = await asyncio.gather(*(_user(number, given, visits, until) for number in range(given["users"])))
    return [row for rows in found for row in rows]


def _prepared(given: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    body = request["body"].encode()
    method = "POST" if body else "GET"
    headers = "".join(f"{key}: {value}\r\n" for key, value in given["headers"].items())
    kind = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
    head = f"{method} {request['path']} HTTP/1.1\r\nHost: {given['host']}\r\n{headers}{kind}\r\n".encode()
    return request | {"head": head, "body": body}


async def _user(number: int, given: dict[str, Any], visits: list[list[dict[str, Any]]], until: float) -> list[Row]:
    chance = random.Random(number)
    connections, rows = [Connection(given["url"]) for _ in range(CONNECTIONS)], list[Row]()
    await asyncio.sleep(chance.uniform(0, given["think"]))
    while time.monotonic() < until:
        visit = chance.choice(visits)
        for stage in sorted({request["stage"] for request in visit}):
            if stage >= CLICK:
                await asyncio.sleep(chance.expovariate(1 / given["think"]))
            together = [request for request in visit if request["stage"] == stage]
            for first in range(0, len(together), CONNECTIONS):
                some = together[first : first + CONNECTIONS]
                rows += await asyncio.gather(*map(_timed, connections, some))
        await asyncio.sleep(chance.expovariate(1 / given["think"]))
    for connection in connections:
        await connection.close()
    return rows


async def _timed(connection: Connection, request: dict[str, Any]) -> Row:
    began = time.perf_counter()
    status, size = await connection.ask(request["head"], request["body"])
    return request["kind"], request["part"], time.perf_counter() - began, status, size


def agents(plan: Path) -> dict[str, Any]:
    """As many agents as the plan says, each every 15 s on a connection of its own, as agents do."""
    given = json.loads(plan.read_text())
    return {"rows": asyncio.run(_agents(given))}


async def _agents(given: dict[str, Any]) -> list[Row]:
    until = time.monotonic() + given["seconds"]
    held = _running(Path(given["ledger"]))
    names = node_names(given["agents"])
    waits = [PUSH_S * place / len(names) for place in range(len(names))]
    found = await asyncio.gather(
        *(_agent(given, name, held.get(name, []), wait, until) for name, wait in zip(names, waits, strict=True))
    )
    return [row for rows in found for row in rows]


async def _agent(given: dict[str, Any], name: str, jobs: list[int], wait: float, until: float) -> list[Row]:
    rows, began = list[Row](), time.monotonic()
    await asyncio.sleep(wait)
    while time.monotonic() < until:
        body = _lines(name, jobs, time.monotonic() - began)
        head = (
            f"POST /api/v2/write?precision=ms HTTP/1.1\r\nHost: {given['host']}\r\nConnection: close\r\n"
            f"Authorization: Token {given['token']}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        rows.append(
            await _timed(Connection(given["url"]), {"kind": "push", "part": "", "head": head.encode(), "body": body})
        )
        wait += PUSH_S
        await asyncio.sleep(max(0.0, began + wait - time.monotonic()))
    return rows


def _lines(name: str, jobs: list[int], up: float) -> bytes:
    """A reading of a node: the node, and either its jobs or, on nodes of which the ledger knows no job, four boards."""
    now_ms = time.time_ns() // 1_000_000
    clock = f"monotonic_s={1e6 + up:.3f},epoch_id=1900000000i"
    lines = [
        f"node,node={name} {clock},cpu_busy_seconds_total={up * 70:.2f},cpu_count={CPUS}i,"
        f"memory_used_bytes={MEMORY // 3}i,memory_total_bytes={MEMORY}i,cpu_energy_joules_total={up * 260:.6f},"
        f"dram_energy_joules_total={up * 30:.6f} {now_ms}"
    ]
    lines += [
        f"job,node={name},job_id={job} {clock},cpu_seconds_total={up * 20:.2f},"
        f"memory_resident_bytes={1 << 34}i {now_ms}"
        for job in jobs
    ]
    if not jobs:
        lines += [
            f"gpu,node={name},gpu={gpu},uuid=GPU-{name}-{gpu} {clock},energy_joules_total={up * 170:.6f} {now_ms}"
            for gpu in range(4)
        ]
    return "\n".join(lines).encode()


def _running(ledger: Path) -> dict[str, list[int]]:
    """Running jobs by node."""
    connection = sqlite3.connect(ledger)
    found: dict[str, list[int]] = defaultdict(list)
    statement = "SELECT node, job_id FROM jobs JOIN allocations USING (job_ref) WHERE end_ms IS NULL"
    for node, job_id in connection.execute(statement):
        found[node].append(job_id)
    connection.close()
    return found


STEPS = {each.__name__: each for each in (users, agents)}
