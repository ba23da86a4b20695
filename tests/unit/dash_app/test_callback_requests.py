"""What Dash would stumble over is refused before: no error page, nothing in the log."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from stand_in import StandIn

from dash_app.factory import create_app
from maxwatt.config import Settings

PART = {"id": "status-tick", "property": "n_intervals", "value": 1}
OUTPUTS = [{"id": "status", "property": "children"}, {"id": "simulated", "property": "children"}]
GOOD: dict[str, Any] = {
    "output": "..status.children...simulated.children..",
    "outputs": OUTPUTS,
    "inputs": [PART],
    "changedPropIds": ["status-tick.n_intervals"],
}


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    client = create_app(StandIn(), Settings(), "token").server.test_client()
    client.get("/?token=token")
    return client


def test_what_pages_send_is_answered(client: FlaskClient) -> None:
    assert client.post("/_dash-update-component", json=GOOD).status_code == 200


@pytest.mark.parametrize(
    "spoilt",
    [
        None,
        [],
        "x",
        {},
        {**GOOD, "output": "nothing.children"},
        {**GOOD, "output": ["..status.children...simulated.children.."]},
        {**GOOD, "outputs": None},
        {**GOOD, "outputs": [1]},
        {**GOOD, "outputs": OUTPUTS[:1]},
        {**GOOD, "outputs": [OUTPUTS[0], {"id": "page", "property": "children"}]},
        {**GOOD, "inputs": None},
        {**GOOD, "inputs": [None]},
        {**GOOD, "inputs": [{"id": 7, "property": "x"}]},
        {**GOOD, "inputs": "x"},
        {**GOOD, "state": 7},
        {**GOOD, "changedPropIds": 7},
        {**GOOD, "changedPropIds": ["nothing"]},
        {**GOOD, "changedPropIds": [None]},
    ],
)
def test_odd_bodies_are_refused(client: FlaskClient, caplog: pytest.LogCaptureFixture, spoilt: object) -> None:
    assert client.post("/_dash-update-component", json=spoilt).status_code == 400
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_refused(client: FlaskClient, caplog: pytest.LogCaptureFixture, body: bytes) -> None:
    answer = client.post("/_dash-update-component", data=body, content_type="application/json")
    assert answer.status_code == 400
    assert "Traceback" not in caplog.text
