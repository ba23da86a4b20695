"""One HTTP request to slurmrestd over TCP, TLS or a Unix socket, with limits to time and size."""

import contextlib
import http.client
import socket
import time
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from aggregator.sources.jobs.interrupt import Interrupt
from maxwatt.domain.errors import SourceError

LARGEST_BYTES: Final = 512 << 20
"""An answer larger than this is given up: 25,000 jobs in Slurm's JSON are about 150 MB."""

_CHUNK_BYTES: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Args:
        kind: its media type, such as `application/json`.
    """

    status: int
    kind: str
    body: bytes


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str, limit_s: float) -> None:
        super().__init__("localhost", timeout=limit_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def get(url: str, path: str, headers: dict[str, str], limit_s: float, interrupt: Interrupt) -> Answer:
    """Answer to a GET. Redirects are not followed: the token belongs to this server alone.

    Args:
        url: `http://host:port`, `https://host:port`, each perhaps with a path before slurmrestd's own, or
            `unix:///path`.
        path: path and query.
        limit_s: time limit [s].

    Raises:
        SourceError: it cannot be reached, is too slow, too large, cut short, or no HTTP.
        StoppedError: it was interrupted.
    """
    deadline_s = time.monotonic() + limit_s
    place = urlsplit(url)
    connection = _connection(place, limit_s)
    prefix = "" if place.scheme == "unix" else place.path.rstrip("/")
    try:
        connection.connect()
        sock = connection.sock
        with interrupt.ends(lambda: _hang_up(sock)):
            connection.request("GET", prefix + path, headers={"Accept": "application/json", **headers})
            response = connection.getresponse()
            return Answer(response.status, response.headers.get_content_type(), _body(response, deadline_s))
    except TimeoutError as error:
        raise SourceError(f"slurmrestd at {url} gave no answer within {limit_s:g} s") from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SourceError(f"slurmrestd at {url} cannot be reached: {reason}; see slurm.rest_url") from error
    except http.client.HTTPException as error:
        raise SourceError(f"what listens at {url} does not speak HTTP as slurmrestd does: {error!r}") from error
    finally:
        connection.close()


def _connection(place: SplitResult, limit_s: float) -> http.client.HTTPConnection:
    if place.scheme == "unix":
        return _UnixConnection(place.path, limit_s)
    kind = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
    return kind(place.hostname or "", place.port, timeout=limit_s)


def _hang_up(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the other side was first
        sock.shutdown(socket.SHUT_RDWR)


def _body(response: http.client.HTTPResponse, deadline_s: float) -> bytes:
    body = bytearray()
    while chunk := response.read1(_CHUNK_BYTES):
        body += chunk
        if len(body) > LARGEST_BYTES:
            raise SourceError(f"slurmrestd's answer is larger than {LARGEST_BYTES >> 20} MiB")
        if time.monotonic() > deadline_s:
            raise TimeoutError
    if response.length:
        raise SourceError(f"slurmrestd's answer is cut short: {response.length} bytes are missing")
    return bytes(body)
