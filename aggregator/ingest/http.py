"""The InfluxDB v2 write API on Flask: whatever pushes line protocol there can push it here."""

from collections.abc import Sequence
from typing import Any, Final

from flask import Blueprint, Response, jsonify, request

from aggregator.ingest.body import MAX_BODY_BYTES, TooLargeError, unpacked
from aggregator.ingest.committer import BusyError, Committer
from aggregator.ingest.line_protocol import ParsedBatch, parse_lines
from aggregator.ingest.tokens import matches
from maxwatt import __version__
from maxwatt.domain.clock import now_ms
from maxwatt.domain.errors import InputError, MaxwattError

WRITE_PATH: Final = "/api/v2/write"
HEALTH_PATH: Final = "/health"

TOLD_FAULTS: Final = 10
"""Faults that the message names; `faults` holds more of them."""

RETRY_AFTER_S: Final = 2


def ingest_blueprint(
    committer: Committer, token_digests: Sequence[str], max_body_bytes: int = MAX_BODY_BYTES
) -> Blueprint:
    """Routes `POST /api/v2/write` and `GET /health`.

    Args:
        committer: takes the rows.
        token_digests: `tokens.digest` of every token that may write; none: nobody may.
        max_body_bytes: largest body, as sent and unpacked [B].
    """
    blueprint = Blueprint("ingest", __name__)

    @blueprint.post(WRITE_PATH)
    def write() -> Response:
        if not matches(_token(request.headers.get("Authorization", "")), token_digests):
            return _error(401, "unauthorized", "a valid token is needed: send `Authorization: Token …`")
        try:
            batch = _parsed(max_body_bytes)
            if batch.row_count:
                committer.submit(batch.tables)
        except TooLargeError as error:
            return _error(413, "request too large", str(error))
        except BusyError as error:
            return _busy(str(error))
        except InputError as error:
            return _error(400, "invalid", str(error))
        except MaxwattError as error:
            return _error(500, "internal error", str(error))
        return _faulty(batch) if batch.fault_count else Response(status=204)

    @blueprint.get(HEALTH_PATH)
    def health() -> Response:
        status = "pass" if committer.alive else "fail"
        answer = jsonify(name="maxwatt", version=__version__, status=status)
        answer.status_code = 200 if committer.alive else 503
        return answer

    return blueprint


def _token(header: str) -> str:
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() in {"token", "bearer"} else ""


def _parsed(max_body_bytes: int) -> ParsedBatch:
    if (request.content_length or 0) > max_body_bytes:
        raise TooLargeError(max_body_bytes)
    data = unpacked(
        request.stream.read(max_body_bytes + 1), request.headers.get("Content-Encoding", ""), max_body_bytes
    )
    return parse_lines(data, now_ms=now_ms(), precision=request.args.get("precision", "ns"))


def _faulty(batch: ParsedBatch) -> Response:
    """400 although the good lines are stored: so does InfluxDB, and clients do not send such a body again."""
    told = "; ".join(str(fault) for fault in batch.faults[:TOLD_FAULTS])
    more = batch.fault_count - min(TOLD_FAULTS, len(batch.faults))
    message = told + (f"; and {more} more" if more else "")
    return _error(
        400,
        "invalid",
        f"{message} (the other {batch.row_count} lines are stored)",
        line=batch.faults[0].line,
        fault_count=batch.fault_count,
        row_count=batch.row_count,
        faults=[{"line": fault.line, "column": fault.column, "message": fault.message} for fault in batch.faults],
    )


def _busy(message: str) -> Response:
    answer = _error(503, "unavailable", message)
    answer.headers["Retry-After"] = str(RETRY_AFTER_S)
    return answer


def _error(status: int, code: str, message: str, **more: Any) -> Response:
    answer = jsonify(code=code, message=message, **more)
    answer.status_code = status
    return answer
