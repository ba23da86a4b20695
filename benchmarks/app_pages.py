"""What a browser asks the server for when somebody opens a page: found out from the app itself, not listed here.

The page of an address comes first; then the callbacks whose inputs stand in it, and those that these set off, as Dash's
own renderer does it. A grid of infinite rows asks for its first rows.
"""

import http.client
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

ROWS = 100
UPDATE = "/_dash-update-component"
MOST_ROUNDS = 6
"""Callbacks that set off callbacks: no page goes deeper."""
CLICK = 100
"""Stages from here on are clicks of their own: who makes them has read what came before."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a page. `name` says of what in the page; requests of one `stage` go out together."""

    name: str
    path: str
    body: bytes = b""
    stage: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, and after how long."""

    status: int
    seconds: float
    body: bytes
    encoding: str = ""


class Session:
    """One signed-in connection.

    Args:
        access_url: the address with its token that the server tells.
        headers: sent with every request, such as a user's name where a proxy signs people in.
    """

    def __init__(self, access_url: str, headers: dict[str, str] | None = None) -> None:
        parts = urlsplit(access_url)
        self.host, self.port = parts.hostname or "", parts.port or 80
        self.headers = {"Accept-Encoding": "gzip", **(headers or {})}
        self._connection = http.client.HTTPConnection(self.host, self.port, timeout=120)
        self._connection.request("GET", f"{parts.path}?{parts.query}", headers=self.headers)
        answer = self._connection.getresponse()
        answer.read()
        cookies = [value.split(";")[0] for key, value in answer.getheaders() if key.lower() == "set-cookie"]
        self.headers["Cookie"] = "; ".join(cookies)
        self.dependencies: list[dict[str, Any]] = json.loads(self.ask(Request("", "/_dash-dependencies")).body)
        self.frame: Any = json.loads(self.ask(Request("", "/_dash-layout")).body)

    def ask(self, request: Request, *, gzip: bool = False) -> Answer:
        """Send a request; the answer is compressed where that is asked for."""
        headers = self.headers | ({} if gzip else {"Accept-Encoding": "identity"})
        began = time.perf_counter()
        if request.body:
            headers |= {"Content-Type": "application/json"}
            self._connection.request("POST", request.path, request.body, headers)
        else:
            self._connection.request("GET", request.path, headers=headers)
        answer = self._connection.getresponse()
        body = answer.read()
        return Answer(answer.status, time.perf_counter() - began, body, answer.getheader("Content-Encoding", ""))


def requests_of(session: Session, address: str) -> list[Request]:
    """Every request that opening an address makes, in the order in which they can be sent."""
    path, _, search = address.partition("?")
    values = dict(_values(session.frame)) | {("url", "pathname"): path, ("url", "search"): search and f"?{search}"}
    changed = {("url", "pathname"), ("url", "search")}
    found, called = list[Request](), set[str]()
    for stage in range(MOST_ROUNDS):
        new = dict[tuple[str, str], Any]()
        for callback in session.dependencies:
            if callback["output"] in called or not _wanted(callback, changed, values, first=stage == 0):
                continue
            called.add(callback["output"])
            request = Request(_name(callback), UPDATE, _body(callback, values), stage)
            found.append(request)
            new |= dict(_set_by(session.ask(request).body))
        if not new:
            break
        appeared = {place for value in new.values() for place, _ in _values(value)}
        for value in list(new.values()):
            new |= {place: each for place, each in _values(value) if place not in new}
        values, changed = values | new, set(new) | appeared
    return found


def api_requests(addresses: dict[str, str]) -> list[Request]:
    """Plain requests of the API, by name."""
    return [Request(name, path) for name, path in addresses.items()]


def rows_request(request: Request, **wanted: Any) -> Request:
    """A request for a grid's rows with another part of its model, such as `startRow` or `sortModel`."""
    body = json.loads(request.body)
    for each in body["inputs"]:
        if each["property"] == "getRowsRequest":
            each["value"] = each["value"] | wanted
    return replace(request, body=json.dumps(body).encode())


def asks_rows(request: Request) -> bool:
    """Whether a request is that of a grid for rows."""
    return b'"getRowsRequest"' in request.body


def _wanted(callback: dict[str, Any], changed: set[tuple[str, str]], values: dict[Any, Any], *, first: bool) -> bool:
    inputs = [(_id(each), each["property"]) for each in callback["inputs"]]
    there = {place for place, _ in values}
    if callback.get("clientside_function") or not inputs or any(place not in there for place, _ in inputs):
        return False
    if first:
        return ("url", "pathname") in inputs
    if callback.get("prevent_initial_call") and not any(values.get(each) is not None for each in inputs):
        return False
    touched = [each for each in inputs if each in changed]
    if callback.get("prevent_initial_call"):
        return any(prop in {"getRowsRequest"} for _, prop in touched)
    return bool(touched) or any(place in {name for name, _ in changed} for place, _ in inputs)


def _body(callback: dict[str, Any], values: dict[Any, Any]) -> bytes:
    outputs = [_place(each) for each in callback["output"].strip(".").split("...")]
    inputs = [_filled(each, values) for each in callback["inputs"]]
    return json.dumps(
        {
            "output": callback["output"],
            "outputs": outputs if callback["output"].startswith("..") else outputs[0],
            "inputs": inputs,
            "changedPropIds": [f"{each['id']}.{each['property']}" for each in inputs],
            "state": [_filled(each, values) for each in callback["state"]],
        }
    ).encode()


def _filled(each: dict[str, Any], values: dict[Any, Any]) -> dict[str, Any]:
    place = _id(each)
    return {"id": place, "property": each["property"], "value": values.get((place, each["property"]))}


def _id(each: dict[str, Any]) -> str:
    return str(each["id"])


def _place(output: str) -> dict[str, str]:
    place, _, prop = output.partition("@")[0].rpartition(".")
    return {"id": place, "property": prop}


def _name(callback: dict[str, Any]) -> str:
    first = callback["output"].strip(".").split("...")[0].split("@")[0]
    return "rows" if first.endswith("getRowsResponse") else first.rpartition(".")[0]


def _set_by(body: bytes) -> Iterator[tuple[tuple[str, str], Any]]:
    """What an answer sets, by id and property."""
    try:
        answer = json.loads(body or b"{}")
    except ValueError:
        return
    for place, props in answer.get("response", {}).items():
        for prop, value in props.items():
            yield (place, prop), value


def _values(tree: Any) -> Iterator[tuple[tuple[str, str], Any]]:
    """Properties of every component of a layout that has an id; a grid also has the request it will send."""
    if isinstance(tree, list):
        for each in tree:
            yield from _values(each)
    elif isinstance(tree, dict):
        props = tree.get("props", tree)
        place = props.get("id")
        if isinstance(place, str) and "type" in tree:
            yield (place, ""), None
            for name, value in props.items():
                yield (place, name), value
            if props.get("rowModelType") == "infinite":
                yield (place, "getRowsRequest"), {"startRow": 0, "endRow": ROWS, "sortModel": [], "filterModel": {}}
        for value in props.values():
            if isinstance(value, (dict, list)):
                yield from _values(value)
