"""What the API says is what the queries say, resource by resource, for everybody who may ask."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_book import BUCKET, T0
from werkzeug.datastructures import MultiDict

from aggregator.queries.jobs import SORT_KEYS
from aggregator.queries.models import FigureRange, JobFilter
from aggregator.queries.queries import Queries
from dash_app.api.job_files import COLUMNS
from maxwatt.domain.viewer import ADMIN, Viewer

ALICE, BOB, CAROL, CHEMIST = (
    Viewer("alice"),
    Viewer("bob"),
    Viewer("carol"),
    Viewer("dave", accounts=frozenset({"chem"})),
)
VIEWERS = [ADMIN, ALICE, BOB, CAROL, CHEMIST]
SPAN = (T0, T0 + 4 * BUCKET)
Clients = Callable[[Viewer], FlaskClient]

slow = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def said(client: FlaskClient, path: str, **parameters: object) -> Any:
    response = client.get(f"/api/v1{path}", query_string=MultiDict(parameters))
    assert response.status_code == 200, response.text
    assert response.headers["Cache-Control"] == "no-store"
    return response.get_json()


def plain(model: Any) -> Any:
    """A read model as JSON has it, written by something else than the API."""
    return json.loads(json.dumps([asdict(each) for each in model] if isinstance(model, tuple) else asdict(model)))


RANGES = {
    "energy_j:7200:": FigureRange("energy_j", 7200.0),
    "cpus::4": FigureRange("cpus", None, 4.0),
    "elapsed_s:900.5:1800": FigureRange("elapsed_s", 900.5, 1800.0),
}
texts = st.sampled_from(["", "alice", "bob", "nobody", "phys", "gpu", "101", "n1", "relax", "%", "'; drop table jobs"])


@slow
@given(
    st.sampled_from(VIEWERS), texts, texts, st.sets(st.sampled_from(["COMPLETED", "RUNNING", "FAILED"])),
    st.sets(st.sampled_from(sorted(RANGES)), max_size=2), st.sampled_from(SORT_KEYS), st.booleans(),
    st.integers(0, 4), st.integers(1, 3),
)  # fmt: skip
def test_jobs_are_those_of_the_queries(
    client_of: Clients, queries: Queries, viewer: Viewer, user: str, text: str, state: set[str],
    chosen: set[str], sort: str, descending: bool, offset: int, limit: int,
) -> None:  # fmt: skip
    ranges = tuple(RANGES[each] for each in chosen)
    wanted = JobFilter(user=user, text=text, states=tuple(state), ranges=ranges)
    page = queries.jobs(viewer, wanted, sort, descending, offset, limit)
    answer = said(
        client_of(viewer), "/jobs", user=user, text=text, state=tuple(state), range=tuple(chosen), sort=sort,
        descending=descending, offset=offset, limit=limit,
    )  # fmt: skip
    assert answer["rows"] == plain(page.rows)
    assert answer["total"] == page.total
    more = offset + limit < page.total
    assert answer["next_offset"] == (offset + limit if more else None)


def test_jobs_in_numbers(client_of: Clients) -> None:
    rows = said(client_of(ADMIN), "/jobs", sort="energy_j")["rows"]
    assert [(row["job_id"], row["energy_j"], row["waste_j"]) for row in rows] == [
        (101, 14400.0, 2000.0),
        (102, 7200.0, None),
        (103, None, None),
    ]
    assert [row["job_id"] for row in said(client_of(ALICE), "/jobs")["rows"]] == [103, 101]


def test_pages_follow_each_other_to_the_end(client_of: Clients) -> None:
    client, offset, found = client_of(ADMIN), 0, []
    while offset is not None:
        page = said(client, "/jobs", limit=2, offset=offset, sort="job_id", descending=False)
        found += [row["job_id"] for row in page["rows"]]
        offset = page["next_offset"]
    assert found == [101, 102, 103]


@pytest.mark.parametrize("viewer", VIEWERS, ids=lambda viewer: viewer.user or "admin")
@pytest.mark.parametrize("job_id", [101, 102, 103, 999])
def test_a_job_is_there_for_who_may_see_it(client_of: Clients, queries: Queries, viewer: Viewer, job_id: int) -> None:
    client, detail = client_of(viewer), queries.job(viewer, job_id)
    for path in ("", "/attempts", "/explanation", "/series", "/intensity", "/similar", "/advice"):
        response = client.get(f"/api/v1/jobs/{job_id}{path}")
        assert response.status_code == (404 if detail is None else 200), path
    if detail is not None:
        assert said(client, f"/jobs/{job_id}") == plain(detail)
        assert said(client, f"/jobs/{job_id}", start_ms=detail.row.start_ms) == plain(detail)
        assert said(client, f"/jobs/{job_id}/attempts")["rows"] == plain(queries.job_attempts(viewer, job_id))
        assert said(client, f"/jobs/{job_id}/explanation") == plain(queries.explain(viewer, job_id))
        assert said(client, f"/jobs/{job_id}/series") == {
            "job_id": job_id, "start_ms": detail.row.start_ms, "nodes": plain(queries.job_series(viewer, job_id)),
        }  # fmt: skip
        of = viewer, job_id, detail.row.start_ms
        assert said(client, f"/jobs/{job_id}/intensity") == plain(queries.job_intensity(*of))
        assert said(client, f"/jobs/{job_id}/similar") == plain(queries.similar_jobs(*of))
        assert said(client, f"/jobs/{job_id}/advice") == plain(queries.job_advice(*of))
        assert client.get(f"/api/v1/jobs/{job_id}/gpus").status_code == 404
        windows = queries.job_windows(*of)
        assert client.get(f"/api/v1/jobs/{job_id}/windows").status_code == (404 if windows is None else 200)
        assert windows is None or said(client, f"/jobs/{job_id}/windows") == plain(windows)


@pytest.mark.parametrize("fold", ["array", "name"])
@pytest.mark.parametrize("viewer", VIEWERS, ids=lambda viewer: viewer.user or "admin")
def test_folded_jobs_are_those_of_the_queries(client_of: Clients, queries: Queries, viewer: Viewer, fold: Any) -> None:
    page = queries.folded_jobs(viewer, JobFilter(), fold, "count", True, 0, 100)
    answer = said(client_of(viewer), "/jobs/folded", fold=fold, sort="count")
    bound = {"since_ms": page.since_ms}  # of pages only
    assert {**answer, **bound} == {**plain(page), "offset": 0, "next_offset": None}


@slow
@given(st.sampled_from(VIEWERS), st.integers(0, 5), st.integers(1, 9), st.integers(1, 5))
def test_energy_is_that_of_the_queries(
    client_of: Clients, queries: Queries, viewer: Viewer, first: int, length: int, points: int
) -> None:
    client, since_ms = client_of(viewer), T0 + first * BUCKET // 2
    span = since_ms, since_ms + length * BUCKET // 2
    asked = {"since_ms": span[0], "until_ms": span[1]}
    assert said(client, "/energy/summary", **asked) == plain(queries.energy_summary(viewer, *span))
    for grouping in ("user", "account", "partition", "qos"):
        rows = plain(queries.energy_by(viewer, grouping, *span))
        assert said(client, f"/energy/by/{grouping}", **asked) == {**asked, "rows": rows}
    for split in ("kind", "component", "user"):
        series = plain(queries.energy_series(viewer, *span, points, split))
        assert said(client, "/energy/series", max_points=points, split=split, **asked) == series


@pytest.mark.parametrize("groups", [False, True])
def test_energy_of_nodes_is_for_who_sees_all(client_of: Clients, queries: Queries, groups: bool) -> None:
    asked = {"since_ms": SPAN[0], "until_ms": SPAN[1]}
    rows = plain(queries.energy_of_nodes(ADMIN, *SPAN, groups=groups))
    assert rows
    assert said(client_of(ADMIN), "/energy/nodes", groups=groups, **asked) == {**asked, "rows": rows}
    assert client_of(ALICE).get("/api/v1/energy/nodes").status_code == 403


def test_the_cluster_is_for_who_sees_all(client_of: Clients, queries: Queries) -> None:
    now, admin = queries.cluster_now(ADMIN), client_of(ADMIN)
    assert now is not None
    sums = {"total_w": now.total_w, "modelled_w": now.modelled_w, "by_component_w": now.by_component_w}
    assert said(admin, "/cluster") == {**plain(now), **sums}
    assert [node["node"] for node in said(admin, "/cluster")["nodes"]] == ["n1"]
    assert said(admin, "/cluster/nodes/n1") == plain(queries.node(ADMIN, "n1"))
    assert admin.get("/api/v1/cluster/nodes/n99").status_code == 404
    for path in ("/cluster", "/cluster/nodes/n1", "/cluster/nodes/n99"):
        assert client_of(ALICE).get(f"/api/v1{path}").status_code == 403


@pytest.mark.parametrize("viewer", [ADMIN, CAROL], ids=lambda viewer: viewer.user or "admin")
def test_the_grid_is_the_same_for_everybody(client_of: Clients, queries: Queries, viewer: Viewer) -> None:
    assert said(client_of(viewer), "/outlook") == plain(queries.outlook(ADMIN))


def test_health_is_for_who_sees_all(client_of: Clients, queries: Queries) -> None:
    health = queries.health(ADMIN)
    assert health is not None
    assert said(client_of(ADMIN), "/health") == plain(health)
    assert client_of(BOB).get("/api/v1/health").status_code == 403


@pytest.mark.parametrize("viewer", VIEWERS, ids=lambda viewer: viewer.user or "admin")
def test_status_and_who_asks(client_of: Clients, queries: Queries, viewer: Viewer) -> None:
    client = client_of(viewer)
    assert said(client, "/status") == plain(queries.status(viewer))
    accounts = sorted(viewer.accounts)
    assert said(client, "/me") == {"user": viewer.user, "sees_all": viewer.sees_all, "accounts": accounts}


@pytest.mark.parametrize("everybody", [False, True])
@pytest.mark.parametrize("viewer", VIEWERS, ids=lambda viewer: viewer.user or "admin")
def test_what_one_uses(client_of: Clients, queries: Queries, viewer: Viewer, everybody: bool) -> None:
    client = client_of(viewer)
    assert said(client, "/me/overview", everybody=everybody) == plain(queries.overview(viewer, everybody))
    waiting = said(client, "/me/waiting", everybody=everybody)
    assert waiting == plain(queries.waiting_jobs(viewer, everybody, 100))
    assert [each["job_id"] for each in waiting["jobs"]] == ([110] if viewer in (ADMIN, ALICE) else [])
    running = said(client, "/me/running", everybody=everybody)
    assert running == plain(queries.running_jobs(viewer, everybody, 100))
    assert [each["row"]["job_id"] for each in running["jobs"]] == ([103] if viewer in (ADMIN, ALICE) else [])


@pytest.mark.parametrize("viewer", VIEWERS, ids=lambda viewer: viewer.user or "admin")
def test_how_well_one_used_it(client_of: Clients, queries: Queries, viewer: Viewer) -> None:
    own, usual = plain(queries.own_use(viewer)), plain(queries.usual_use(viewer))
    parts = {
        kind: [{"name": name, "use": use} for name, use in own[kind]] for kind in ("names", "accounts", "partitions")
    }
    assert said(client_of(viewer), "/me/use") == {**own, **parts, "usual": usual}


@pytest.mark.parametrize("viewer", VIEWERS, ids=lambda viewer: viewer.user or "admin")
def test_files_hold_the_rows_of_the_table(client_of: Clients, viewer: Viewer) -> None:
    client = client_of(viewer)
    rows = said(client, "/jobs", sort="start_ms", descending=False)["rows"]
    assert said(client, "/jobs.json") == rows
    response = client.get("/api/v1/jobs.csv")
    assert response.headers["Content-Disposition"] == 'attachment; filename="jobs.csv"'
    head, *lines = csv.reader(io.StringIO(response.text))
    assert tuple(head) == COLUMNS
    assert [int(line[0]) for line in lines] == [row["job_id"] for row in rows]
    for line, row in zip(lines, rows, strict=True):
        cells = dict(zip(head, line, strict=True))
        assert cells["energy_j"] == ("" if row["energy_j"] is None else str(row["energy_j"]))
        assert cells["coverage"] == ("" if row["evidence"] is None else str(row["evidence"]["coverage"]))
