"""What the API answers when it cannot give what was asked for: problem+json (RFC 9457), with place and mend."""

import logging
from dataclasses import dataclass
from typing import Final

from flask import Response
from pydantic import TypeAdapter
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from maxwatt.domain.errors import InputError, MaxwattError, SourceError, StoreLockedError

PREFIX: Final = "/api/v1"
DOCS_PATH: Final = f"{PREFIX}/docs"
"""Tells people what the API answers."""
MIMETYPE: Final = "application/problem+json"
RETRY_AFTER_S: Final = 30

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ParameterFault:
    """What is wrong with one parameter, and what it may be."""

    parameter: str
    fault: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Why there is no answer, as RFC 9457 has it.

    Args:
        type: always about:blank; `status` says what kind of problem it is.
        title: what is wrong, in a few words.
        status: HTTP status.
        detail: what is wrong here.
        mend: what to do about it; empty where nothing can be done.
        parameters: the parameters that were refused.
    """

    title: str
    status: int
    detail: str
    mend: str = ""
    parameters: tuple[ParameterFault, ...] = ()
    type: str = "about:blank"


class RefusedError(MaxwattError):
    """The API refuses a request."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


UNAUTHORIZED: Final = Problem(
    "Not signed in",
    401,
    "The request carries no valid token and no valid session.",
    "Send a token of yours: Authorization: Bearer TOKEN.",
)
FORBIDDEN: Final = Problem("Not allowed", 403, "Only who may see everybody's jobs gets this.")
NOT_FOUND: Final = Problem(
    "Not found", 404, "There is no such thing, or it is not yours to see.", f"{DOCS_PATH} lists what there is."
)
NOT_ALLOWED: Final = Problem("Method not allowed", 405, "The API only reads.", "Use GET or HEAD.")
_AWAY: Final = Problem(
    "Away", 503, "The ledger or the store of samples could not be read.", f"Ask again in {RETRY_AFTER_S} s."
)
_BROKEN: Final = Problem("Fault of the server", 500, "Something went wrong on the server.", "Its log says more.")


def refused(detail: str, mend: str = "", *faults: ParameterFault) -> RefusedError:
    """The error for a request whose parameters cannot be used."""
    return RefusedError(Problem("Bad request", 400, detail, mend, faults))


def problem_of(error: Exception) -> Problem:
    """What is told of an error. The server's own stay in its log: they may name files and other people's jobs."""
    if isinstance(error, RefusedError):
        return error.problem
    if isinstance(error, InputError):
        return Problem("Bad request", 400, str(error))
    if isinstance(error, HTTPException):
        return Problem(error.name, error.code or 500, error.description or error.name)
    _log.error("the API could not answer", exc_info=error)
    return _AWAY if isinstance(error, SourceError | StoreLockedError | SQLAlchemyError) else _BROKEN


def response_of(problem: Problem) -> Response:
    """The answer that tells a problem."""
    response = Response(_PROBLEM.dump_json(problem), status=problem.status, content_type=MIMETYPE)
    response.headers["Cache-Control"] = "no-store"
    if problem.status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="maxwatt"'
    if problem.status == 405:
        response.headers["Allow"] = "GET, HEAD, OPTIONS"
    if problem.status == 503:
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response


_PROBLEM: Final = TypeAdapter(Problem)
