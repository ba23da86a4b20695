"""Line protocol over HTTP: the InfluxDB v2 write API, which our server, InfluxDB, VictoriaMetrics and Telegraf take."""

import http.client
import zlib
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from maxwatt.domain.errors import ConfigError

QUERY: Final = "/api/v2/write?bucket=maxwatt&org=maxwatt&precision=ms"
TIMEOUT_S: Final = 10.0

_GZIP_FROM_BYTES: Final = 4096
_GZIP_BITS: Final = 31  # zlib's way to ask for a gzip frame
_TOLD_BYTES: Final = 500
_REFUSED: Final = frozenset({400, 422})


class Outcome(Enum):
    """What became of a request."""

    STORED = "stored"
    REFUSED = "refused"  # bad lines; the good ones are stored, sending again changes nothing
    TOO_LARGE = "too large"
    LATER = "later"  # no connection, no permission, a server in trouble: the lines are still good


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome and what the server or the network said."""

    outcome: Outcome
    detail: str = ""


class Push:
    """Sends lines to one server. A connection is made for each request: seconds lie between two of them.

    Args:
        url: the server, such as `http://server:8080`; a path in it is kept.
        token_file: file with the token, read for each request so that it can be replaced; None: no token.

    Raises:
        ConfigError: the address cannot be understood.
    """

    def __init__(self, url: str, token_file: Path | None = None, timeout_s: float = TIMEOUT_S) -> None:
        parts = urlsplit(url)
        try:
            self._port = parts.port
        except ValueError as error:
            raise ConfigError(f"push_url {url}: {error}") from error
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ConfigError(f"push_url {url}: must look like http://server:8080")
        self._host, self._secure = parts.hostname, parts.scheme == "https"
        self._target = parts.path.rstrip("/") + QUERY
        self._token_file, self._timeout_s = token_file, timeout_s

    def send(self, lines: bytes) -> Answer:
        """Send lines and wait for the server's word, at most the time limit for each step."""
        try:
            headers = self._headers()
        except OSError as error:
            return Answer(Outcome.LATER, f"the token file {self._token_file} cannot be read: {error.strerror}")
        except ValueError:
            return Answer(Outcome.LATER, f"the token file {self._token_file} holds no token: one line of ASCII")
        body = lines
        if len(lines) >= _GZIP_FROM_BYTES:
            body, headers["Content-Encoding"] = _gzipped(lines), "gzip"
        try:
            status, said = self._post(body, headers)
        except (OSError, http.client.HTTPException) as error:
            return Answer(Outcome.LATER, f"no answer from {self._host}: {error!r}")
        return classify(status, said)

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "text/plain; charset=utf-8", "User-Agent": "maxwatt-agent"}
        if self._token_file:
            headers["Authorization"] = f"Token {_token(self._token_file)}"
        return headers

    def _post(self, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        connection = kind(self._host, self._port, timeout=self._timeout_s)
        try:
            connection.request("POST", self._target, body, headers)
            response = connection.getresponse()
            return response.status, response.read(_TOLD_BYTES).decode("utf-8", "replace").strip()
        finally:
            connection.close()


def _token(path: Path) -> str:
    token = path.read_text(encoding="ascii").strip()
    if not token.isprintable():
        raise ValueError("a control character")  # it would end the header
    return token


def classify(status: int, said: str) -> Answer:
    """What an HTTP status means for the lines that were sent."""
    if 200 <= status < 300:
        return Answer(Outcome.STORED)
    detail = f"HTTP {status}: {said}"
    if status in _REFUSED:
        return Answer(Outcome.REFUSED, detail)
    if status == 413:
        return Answer(Outcome.TOO_LARGE, detail)
    if status in {401, 403}:
        detail = f"the server does not accept the token, everything is kept in the spool: {detail}"
    return Answer(Outcome.LATER, detail)


def _gzipped(data: bytes) -> bytes:
    packer = zlib.compressobj(level=1, wbits=_GZIP_BITS)
    return packer.compress(data) + packer.flush()
