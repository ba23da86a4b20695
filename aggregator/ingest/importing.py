"""Bringing files of samples in: into a store of our own, or to the server that has it open."""

import json
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

from aggregator.ingest.committer import oldest_ms
from aggregator.ingest.files import Chunk
from aggregator.ingest.line_protocol import MAX_FAULTS, parse_lines
from maxwatt.domain.errors import InputError, SourceError
from maxwatt.domain.ports import Store

IN_FLIGHT: Final = 2
"""Chunks under way at once: one is parsed while another is written."""

_TRIES: Final = 30
_TIMEOUT_S: Final = 120


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of one chunk.

    Args:
        row_count: good lines.
        added: rows that were not there before; None when the other side does not say.
        faults, fault_count: bad lines.
    """

    row_count: int
    added: int | None
    faults: list[InputError]
    fault_count: int


@dataclass(slots=True)
class ImportSummary:
    """What became of a file; the first MAX_FAULTS faults with their words."""

    row_count: int = 0
    added: int | None = 0
    faults: list[InputError] = field(default_factory=list)
    fault_count: int = 0

    def include(self, part: Delivered) -> None:
        """Count a chunk in."""
        self.row_count += part.row_count
        self.fault_count += part.fault_count
        self.faults.extend(part.faults[: MAX_FAULTS - len(self.faults)])
        self.added = None if self.added is None or part.added is None else self.added + part.added


Deliver = Callable[[Chunk], Delivered]


def deliver_all(chunks: Iterable[Chunk], deliver: Deliver, advance: Callable[[], None]) -> ImportSummary:
    """Deliver every chunk, a few at once, and call `advance` after each.

    Raises:
        SourceError: the file or the other side failed; what was delivered before stays.
    """
    summary = ImportSummary()
    under_way: deque[Future[Delivered]] = deque()
    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        for chunk in chunks:
            under_way.append(pool.submit(deliver, chunk))
            if len(under_way) > IN_FLIGHT:
                summary.include(under_way.popleft().result())
                advance()
        while under_way:
            summary.include(under_way.popleft().result())
            advance()
    return summary


def to_store(store: Store, precision: str, now_ms: int, announce: Callable[[int], None]) -> Deliver:
    """Delivery into a store.

    Args:
        announce: called with the oldest time [epoch ms UTC] of each chunk before it is written, from several threads.
    """

    def deliver(chunk: Chunk) -> Delivered:
        batch = parse_lines(chunk.body, now_ms=now_ms, precision=precision, first_line=chunk.first_line)
        oldest = oldest_ms(batch.tables)
        if oldest is not None:
            announce(oldest)
        return Delivered(batch.row_count, store.write(batch.tables), batch.faults, batch.fault_count)

    return deliver


def to_server(url: str, token: str, precision: str) -> Deliver:
    """Delivery to a server's write API."""

    def deliver(chunk: Chunk) -> Delivered:
        for _ in range(_TRIES):
            status, answer, wait_s = _post(url, precision, token, chunk.body)
            if status != 503:
                return _understood(url, chunk, status, answer)
            time.sleep(wait_s)
        raise SourceError(f"{url}: still too busy after {_TRIES} tries; try again later")

    return deliver


def _post(url: str, precision: str, token: str, body: bytes) -> tuple[int, bytes, float]:
    """Status, body and seconds to wait of the answer."""
    target = f"{url}/api/v2/write?precision={precision}"
    request = urllib.request.Request(target, body, {"Authorization": f"Token {token}"})  # noqa: S310  of serve.json
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310  as above
            return answer.status, answer.read(), 0
    except urllib.error.HTTPError as error:
        retry_after = error.headers.get("Retry-After", "1")
        return error.code, error.read(), float(retry_after) if retry_after.isdigit() else 1.0
    except OSError as error:
        raise SourceError(
            f"{url}: cannot be reached: {getattr(error, 'reason', error)}; does the server run?"
        ) from error


def _understood(url: str, chunk: Chunk, status: int, answer: bytes) -> Delivered:
    if status == 204:
        lines = (line.strip() for line in chunk.body.split(b"\n"))
        return Delivered(sum(bool(line) and not line.startswith(b"#") for line in lines), None, [], 0)
    try:
        told: dict[str, Any] = json.loads(answer)
    except ValueError:
        told = {}
    if status != 400 or "faults" not in told:
        raise SourceError(f"{url}: answered {status}: {told.get('message', answer[:200].decode(errors='replace'))}")
    moved = chunk.first_line - 1
    faults = [InputError(fault["message"], fault["line"] + moved, fault["column"]) for fault in told["faults"]]
    return Delivered(told["row_count"], None, faults, told["fault_count"])
