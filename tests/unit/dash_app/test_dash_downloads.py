"""Files about a job: what is in them, who gets them, and what they are refused for."""

import csv
import io
import json
from dataclasses import replace
from typing import Any

import pyarrow.parquet as pq
import pytest
from flask.testing import FlaskClient
from stand_in import HOSTILE, HOSTILE_ID, NO_SAMPLES, NOW_MS, PLAIN, RUNNING, UNBOOKED, WIDE, StandIn, job_row
from werkzeug.test import TestResponse

from dash_app import downloads
from dash_app.components.job_downloads import FILES
from dash_app.factory import create_app
from dash_app.files.job_report import job_report, printable
from dash_app.files.tables import csv_bytes, json_bytes, parquet_bytes
from maxwatt.config import Settings
from maxwatt.domain.viewer import ADMIN


def client_of(queries: StandIn) -> FlaskClient:
    client = create_app(queries, Settings(), "token").server.test_client()
    client.get("/?token=token")
    return client


def fetched(job_id: int, name: str, queries: StandIn | None = None) -> TestResponse:
    queries = queries or StandIn()
    start_ms = queries.job_attempts(ADMIN, job_id)[-1].start_ms
    return client_of(queries).get(f"/download/job/{job_id}/{start_ms}/{name}")


def rows_of(response: TestResponse) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(response.get_data(as_text=True))))


@pytest.mark.parametrize("job_id", [PLAIN, HOSTILE_ID, NO_SAMPLES, WIDE, UNBOOKED, RUNNING])
@pytest.mark.parametrize("name", [name for name, _, _ in FILES])
def test_every_file_of_every_kind_of_job(job_id: int, name: str) -> None:
    response = fetched(job_id, name)
    assert response.status_code == 200
    assert response.headers["Content-Disposition"] == f'attachment; filename="job-{job_id}-{name}"'
    assert response.headers["Cache-Control"] == "private, no-store"
    if name.endswith("json"):
        json.loads(response.get_data(as_text=True))
    if name.endswith("parquet"):
        pq.read_table(io.BytesIO(response.get_data()))
    if name.endswith("pdf"):
        assert response.get_data().startswith(b"%PDF-")
        assert len(response.get_data()) < 150_000


def test_the_summary_says_the_same_in_all_formats() -> None:
    (told,) = rows_of(fetched(PLAIN, "summary.csv"))
    (found,) = json.loads(fetched(PLAIN, "summary.json").get_data(as_text=True))
    (packed,) = pq.read_table(io.BytesIO(fetched(PLAIN, "summary.parquet").get_data())).to_pylist()
    assert found == packed
    assert list(told) == list(found)
    assert (found["job_id"], found["energy_j"], found["coverage"], found["counted_share"]) == (9001, 8.64e6, 0.97, 0.81)
    assert (found["cost"], found["currency"], found["co2_market_g"]) == (0.72, "EUR", None)
    assert found["cpu_static_j"] == pytest.approx(0.22 * 8.64e6)
    assert told["co2_market_g"] == ""  # unknown is empty, not 0


def test_what_is_not_known_is_not_zero() -> None:
    (found,) = json.loads(fetched(UNBOOKED, "summary.json").get_data(as_text=True))
    assert {found[name] for name in ("energy_j", "cpu_static_j", "co2_g", "coverage", "counted_share")} == {None}


def test_over_time_each_node_and_step_has_a_row() -> None:
    rows = rows_of(fetched(PLAIN, "series.csv"))
    assert len(rows) == 240
    assert (rows[0]["node"], rows[0]["source"], rows[0]["cpus_held"]) == ("n001", "samples", "16.0")
    assert rows[0]["start"] == "2025-06-14T13:06:40.000+00:00"
    assert rows[120]["power_w"] == ""  # the gap
    assert float(rows[0]["power_w"]) == pytest.approx(
        sum(float(rows[0][f"{part}_{kind}_w"]) for part in ("cpu", "dram", "rest") for kind in ("static", "dynamic"))
    )


def test_a_job_of_very_many_node_hours_is_told_by_its_bookings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "MAX_NODE_HOURS", 100)
    queries = StandIn()
    rows = rows_of(fetched(WIDE, "series.csv", queries))
    assert len(rows) == 200 * 8
    assert {row["source"] for row in rows} == {"bookings"}


def test_rows_are_bounded_however_many_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "MAX_ROWS", 2000)
    assert len(rows_of(fetched(WIDE, "series.csv"))) == 2000  # ten steps of 200 nodes


@pytest.mark.parametrize(
    "path",
    [
        f"{PLAIN}/17/summary.csv",
        "77/1750000000000/summary.csv",
        f"{PLAIN}/{NOW_MS}/../../x",
        f"{PLAIN}/-1/summary.csv",
        f"{'9' * 30}/1/summary.csv",
        f"{PLAIN}/{'9' * 30}/summary.csv",
    ],
)
def test_what_is_not_there_is_not_there(path: str) -> None:
    response = client_of(StandIn()).get(f"/download/job/{path}")
    assert "attachment" not in response.headers.get("Content-Disposition", "")
    assert "npt-equilibration" not in response.get_data(as_text=True)


@pytest.mark.parametrize("name", ["passwd", "summary.xlsx", "series", "summary.csv.json", "%2e%2e"])
def test_no_other_file(name: str) -> None:
    assert fetched(PLAIN, name).status_code == 404


def test_who_is_not_signed_in_gets_nothing() -> None:
    client = create_app(StandIn(), Settings(), "token").server.test_client()
    response = client.get(f"/download/job/{PLAIN}/{job_row(PLAIN).start_ms}/summary.csv")
    assert response.status_code == 401
    assert "npt" not in response.get_data(as_text=True)


def test_the_question_is_asked_as_the_viewer() -> None:
    queries = StandIn()
    fetched(RUNNING, "report.pdf", queries)
    assert set(queries.viewers) == {ADMIN}


def test_formulas_stay_text() -> None:
    queries = StandIn(rows=[job_row(1, name="=HYPERLINK(1)", user="+x")])
    (row,) = rows_of(fetched(1, "summary.csv", queries))
    assert (row["name"], row["user"]) == ("'=HYPERLINK(1)", "'+x")
    (plain,) = json.loads(fetched(1, "summary.json", queries).get_data(as_text=True))
    assert plain["name"] == "=HYPERLINK(1)"


def test_no_rows_are_files_too() -> None:
    assert csv_bytes([]) == b"\r\n"
    assert json.loads(json_bytes([])) == []
    assert pq.read_table(io.BytesIO(parquet_bytes([]))).num_rows == 0


def report(row: Any) -> bytes:
    queries = StandIn(rows=[row])
    asked = (ADMIN, row.job_id, row.start_ms)
    windows, detail = queries.job_windows(*asked), queries.job(*asked)
    assert detail is not None
    gpus, advices = queries.job_gpus(*asked), queries.job_advice(*asked)
    return job_report(detail, gpus, advices, windows, queries.status(ADMIN), NOW_MS)


def test_the_report_is_one_page() -> None:
    assert report(job_row(1, gpu_count=4)).count(b"/Type /Page\n") == 1


def test_names_that_the_font_has_not_do_not_break_the_report() -> None:
    report(job_row(1, name=HOSTILE + "\x00\n日本", user="ünïcode", node_list="n001"))
    assert printable("CO₂ 1\u202f500 ≈ ä 日🔥\n") == "CO2 1 500 ~ ä ???"
    assert report(replace(job_row(1), energy_j=None, co2_g=None, evidence=None)).startswith(b"%PDF-")
