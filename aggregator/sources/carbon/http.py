"""Asking a provider over HTTP: a time limit, a size limit, and its word on when to ask again."""

import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException, HTTPMessage
from typing import IO, Any, Final
from urllib.parse import quote_plus, urlencode, urlsplit

from maxwatt.domain.errors import SourceError

TIMEOUT_S: Final = 15.0
MAX_BYTES: Final = 16 << 20

_PIECE: Final = 1 << 16
_TOLD_CHARS: Final = 200
_PLAIN: Final = re.compile("[!-~]+")


class RetryLaterError(SourceError):
    """The provider asks for a pause.

    Args:
        after_s: how long [s].
    """

    def __init__(self, message: str, after_s: float) -> None:
        super().__init__(message)
        self.after_s = after_s


class _SameHost(urllib.request.HTTPRedirectHandler):
    """Follows redirects on the same server only: a token must not reach another."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        if urlsplit(newurl)[:2] != urlsplit(req.full_url)[:2]:
            raise urllib.error.HTTPError(req.full_url, code, "redirects to another server", headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def get(
    url: str,
    query: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    timeout_s: float = TIMEOUT_S,
) -> str:
    """The text at an address; `query` is added to it.

    Raises:
        RetryLaterError: the provider asks for a pause (429, 503 with Retry-After).
        SourceError: no answer, another status than 200, too large or too slow, or no text. The query, which may hold a
            token, is never told.
    """
    place = _place(url)
    full = f"{url}?{urlencode(query)}" if query else url
    request = urllib.request.Request(full, headers={"User-Agent": "maxwatt", **(headers or {})})  # noqa: S310  _place looked at it
    end_s = time.monotonic() + timeout_s
    try:
        with urllib.request.build_opener(_SameHost).open(request, timeout=timeout_s) as answer:
            return _text(answer, place, end_s)
    except urllib.error.HTTPError as error:
        raise _refusal(error, place, _tokens({**(query or {}), **(headers or {})})) from error
    except (OSError, HTTPException, ValueError) as error:
        raise SourceError(f"{place} does not answer: {getattr(error, 'reason', error)!s}"[:_TOLD_CHARS]) from error


def _place(url: str) -> str:
    """The address without its query; only http and https are one."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        parts, port = urlsplit(""), ""
    if parts.scheme not in {"http", "https"} or not parts.hostname or not _PLAIN.fullmatch(url):
        shown = url.split("?", maxsplit=1)[0]
        raise SourceError(f"{shown!r} is no address: it must begin with http:// or https:// and hold no blanks")
    return f"{parts.scheme}://{parts.hostname}{port}{parts.path}"


def _text(answer: Any, place: str, end_s: float) -> str:
    body = bytearray()
    while piece := answer.read1(_PIECE):  # what is there: a server may send a byte now and then
        body += piece
        if len(body) > MAX_BYTES:
            raise SourceError(f"{place} answers more than {MAX_BYTES >> 20} MiB: left unread")
        if time.monotonic() > end_s:
            raise SourceError(f"{place} answers too slowly: given up")
    if answer.length:
        raise SourceError(f"{place} answers less than it announced: {answer.length} bytes are missing")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SourceError(f"{place} answers no UTF-8 text") from error


def _tokens(sent: Mapping[str, Any]) -> list[str]:
    """What was sent under the name of a token, as it is and as it stands in an address."""
    tokens = [str(value) for name, value in sent.items() if "token" in name.casefold()]
    return [form for token in tokens for form in (token, quote_plus(token)) if form]


def _refusal(error: urllib.error.HTTPError, place: str, tokens: Iterable[str]) -> SourceError:
    with error:
        said = " ".join(_begin(error).decode("utf-8", "replace").split())
    for token in tokens:
        said = said.replace(token, "(token)")
    message = f"{place} answers {error.code} {error.reason}: {said}"[: 2 * _TOLD_CHARS]
    after_s = retry_after_s(error.headers.get("Retry-After"), datetime.now(UTC)) if error.code in {429, 503} else None
    return SourceError(message) if after_s is None else RetryLaterError(message, after_s)


def _begin(error: urllib.error.HTTPError) -> bytes:
    """What came of the words of a refusal; they may be cut short or slow, and it is one without them."""
    try:
        return error.read(4 * _TOLD_CHARS)
    except (OSError, HTTPException):
        return b""


def retry_after_s(header: str | None, now: datetime) -> float | None:
    """Seconds of a Retry-After header, which holds seconds or a date; None where it holds neither."""
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header.strip()[:9])
    try:
        when = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max((when - now).total_seconds(), 0.0)
