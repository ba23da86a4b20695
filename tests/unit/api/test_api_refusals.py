"""What cannot be answered: refused with place and mend, never with a traceback or somebody else's data."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError
from stand_in import HOSTILE, NOW_MS, PLAIN, WIDE, StandIn, job_row

from dash_app.api.blueprint import api_blueprint
from dash_app.api.job_series import MAX_STEPS
from dash_app.compression import add_compression
from dash_app.factory import create_app
from maxwatt.config import Settings
from maxwatt.domain.errors import SourceError, StoreLockedError
from maxwatt.domain.viewer import ADMIN, Viewer

TOKEN = "correct-horse"


def over(queries: StandIn, viewer: Viewer = ADMIN) -> FlaskClient:
    server = Flask("api")
    server.register_blueprint(api_blueprint(queries, lambda: viewer))
    add_compression(server)
    return server.test_client()


def problem(client: FlaskClient, path: str, status: int, method: str = "GET") -> dict[str, Any]:
    response = client.open(f"/api/v1{path}", method=method)
    assert response.status_code == status, response.text
    assert response.content_type == "application/problem+json"
    assert response.headers["Cache-Control"] == "no-store"
    told: dict[str, Any] = response.get_json()
    assert told["status"] == status
    assert told["title"]
    assert told["detail"]
    return told


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/jobs?limit=501", "limit"),
        ("/jobs?limit=1000000", "limit"),
        ("/jobs?limit=0", "limit"),
        ("/jobs?limit=", "limit"),
        ("/jobs?limit=ten", "limit"),
        ("/jobs?offset=-1", "offset"),
        ("/jobs?offset=99999999999", "offset"),
        ("/jobs?sort=password", "sort"),
        ("/jobs?sort=start_ms;drop table jobs", "sort"),
        ("/jobs?descending=maybe", "descending"),
        ("/jobs?state=completed", "state"),
        ("/jobs?state=FAILED&state=", "state"),
        ("/jobs?offset=100001", "offset"),
        ("/jobs?range=energy_j", "range"),
        ("/jobs?range=password:1:2", "range"),
        ("/jobs?range=energy_j:1e999:", "range"),
        ("/jobs?range=energy_j:nan:", "range"),
        ("/jobs?text=a%00b", "text"),
        ("/jobs?user=" + "x" * 201, "user"),
        ("/jobs?since_ms=-1", "since_ms"),
        ("/jobs?since_ms=99999999999999999999", "since_ms"),
        ("/jobs?wanted=1", "wanted"),
        ("/jobs?limit=1&limit=2", "limit"),
        ("/jobs?token=" + TOKEN, "token"),
        ("/jobs/abc", "job_id"),
        ("/jobs/-1", "job_id"),
        ("/jobs/99999999999999999999", "job_id"),
        ("/jobs/1?job_id=2", "job_id"),
        ("/jobs/1/series?max_points=2001", "max_points"),
        ("/energy/by/password", "grouping"),
        ("/energy/series?max_points=0", "max_points"),
        ("/status?x=1", "x"),
    ],
)
def test_a_parameter_that_cannot_be_is_named(path: str, parameter: str) -> None:
    told = problem(over(StandIn()), path, 400)
    assert [fault["parameter"] for fault in told["parameters"]] == [parameter]
    assert told["parameters"][0]["fault"]


@pytest.mark.parametrize(
    "query", [f"since_ms={NOW_MS}&until_ms={NOW_MS}", f"since_ms={NOW_MS}&until_ms=5", f"since_ms=0&until_ms={NOW_MS}"]
)
@pytest.mark.parametrize("path", ["/energy/summary", "/energy/series", "/energy/nodes", "/energy/by/user"])
def test_a_time_that_ends_before_it_starts_or_is_too_long_is_refused(path: str, query: str) -> None:
    assert problem(over(StandIn()), f"{path}?{query}", 400)["mend"]


def test_somebody_elses_job_is_like_one_that_is_not_there(client_of: Callable[[Viewer], FlaskClient]) -> None:
    alice = client_of(Viewer("alice"))
    for path in ("", "/attempts", "/series", "/explanation", "/windows", "/intensity", "/similar", "/advice"):
        assert alice.get(f"/api/v1/jobs/101{path}").status_code == 200
        bobs, nobodys = (problem(alice, f"/jobs/{job_id}{path}", 404) for job_id in (102, 999))
        assert bobs == nobodys


@pytest.mark.parametrize("path", ["/", "/nowhere", "/jobs/1/2/3", "/jobs/", "/%2e%2e/auth.py", "/openapi.yaml"])
def test_an_address_that_is_none_is_not_found(path: str) -> None:
    problem(over(StandIn()), path, 404)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE"])
@pytest.mark.parametrize("path", ["/jobs", "/jobs/1", "/openapi.json", "/nowhere"])
def test_the_api_only_reads(path: str, method: str) -> None:
    client = over(StandIn())
    problem(client, path, 405, method)
    assert client.open(f"/api/v1{path}", method=method).headers["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize(
    "error",
    [
        SourceError("/var/lib/maxwatt/store.duckdb: could not be read"),
        StoreLockedError("/var/lib/maxwatt"),
        OperationalError("select secret", {}, Exception("no such table")),
    ],
)
def test_a_store_that_is_away_says_when_to_ask_again(error: Exception) -> None:
    client = over(StandIn(failing={"jobs": error, "job": error}))
    for path in ("/jobs", "/jobs.csv", "/jobs/9001/series"):
        told = problem(client, path, 503)
        assert "maxwatt/" not in str(told)
        assert "secret" not in str(told)
        assert client.get(f"/api/v1{path}").headers["Retry-After"] == "30"


def test_a_fault_of_ours_is_logged_and_shows_no_traceback(caplog: pytest.LogCaptureFixture) -> None:
    told = problem(over(StandIn(failing={"status": ZeroDivisionError("secret detail")})), "/status", 500)
    assert "secret" not in str(told)
    assert "secret detail" in caplog.text


def test_without_a_session_there_is_a_problem_and_no_form() -> None:
    client = create_app(StandIn(), Settings(), TOKEN).server.test_client()
    for path in ("/jobs", "/jobs.csv", "/openapi.json", "/nowhere", "/", f"/jobs?token={TOKEN}"):
        told = problem(client, path, 401)
        assert told["mend"]
        assert client.get(f"/api/v1{path}").headers["WWW-Authenticate"].startswith("Bearer")
        assert "Set-Cookie" not in client.get(f"/api/v1{path}").headers


def test_html_in_names_stays_text() -> None:
    response = over(StandIn()).get("/api/v1/jobs/9002")
    assert response.get_json()["row"]["name"] == HOSTILE
    assert response.content_type == "application/json"


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@sum", "\tx"])
def test_a_name_is_no_formula_in_a_file_for_spreadsheets(name: str) -> None:
    client = over(StandIn(rows=[job_row(1, name=name, user='a"b,c\nd')]))
    (line,) = csv.DictReader(io.StringIO(client.get("/api/v1/jobs.csv").text))
    assert line["name"] == f"'{name}"
    assert line["user"] == 'a"b,c\nd'
    assert client.get("/api/v1/jobs.json").get_json()[0]["name"] == name


def test_a_file_is_sent_in_pieces_and_has_an_end() -> None:
    rows = [job_row(number, start_ms=number) for number in range(1201)]
    response = over(StandIn(rows=rows)).get("/api/v1/jobs.csv", headers={"Accept-Encoding": "gzip"})
    assert response.is_streamed
    assert "Content-Encoding" not in response.headers
    assert [line["job_id"] for line in csv.DictReader(io.StringIO(response.text))] == [str(n) for n in range(1201)]
    told = problem(over(StandIn(rows=[job_row(1)] * 50_001)), "/jobs.csv", 400)
    assert "50000" in told["detail"]
    assert told["mend"]


def test_the_steps_of_all_nodes_are_bounded() -> None:
    client = over(StandIn())
    wide = client.get(f"/api/v1/jobs/{WIDE}/series?max_points=2000").get_json()["nodes"]
    assert len(wide) == 200
    assert 0 < sum(len(node["ts_ms"]) for node in wide) <= MAX_STEPS
    assert len(client.get(f"/api/v1/jobs/{PLAIN}/series?max_points=7").get_json()["nodes"][0]["ts_ms"]) == 7


def test_a_list_of_hosts_that_cannot_be_read_is_refused(client_of: Callable[[Viewer], FlaskClient]) -> None:
    assert "n[1-" in problem(client_of(ADMIN), "/jobs?nodes=n[1-", 400)["detail"]
    assert problem(client_of(ADMIN), "/jobs?nodes=n[1-99999]", 400)["detail"]


def test_samples_of_very_many_nodes_are_read_some_at_a_time() -> None:
    client = over(StandIn(rows=[job_row(1, node_list="n[001-600]", node_count=600, elapsed_s=7200.0)]))
    told = problem(client, "/jobs/1/series", 400)
    assert told["parameters"] == [{"parameter": "nodes", "fault": "stands for 600 nodes and 1200 node hours"}]
    some = client.get("/api/v1/jobs/1/series?nodes=n[003-004],other").get_json()["nodes"]
    assert [node["node"] for node in some] == ["n003", "n004"]
    assert client.get("/api/v1/jobs/1/series?nodes=other").get_json()["nodes"] == []
    long = over(StandIn(rows=[job_row(1, elapsed_s=60 * 86400.0)]))
    assert len(long.get("/api/v1/jobs/1/series").get_json()["nodes"]) == 1


def test_the_page_of_the_api_leads_people_through_the_sign_in() -> None:
    client = create_app(StandIn(), Settings(), TOKEN).server.test_client()
    form = client.get("/api/v1/docs")
    assert (form.status_code, form.mimetype) == (401, "text/html")
    assert 'value="/api/v1/docs"' in form.text
    assert client.get(f"/api/v1/docs?token={TOKEN}").headers["Location"] == "/api/v1/docs"
    assert client.get("/api/v1/docs").status_code == 200
