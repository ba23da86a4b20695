"""Pages through the server's own endpoints: what the browser asks, what it gets, and what it gets when things fail."""

import json
from typing import Any

import pytest
from asking import by_id, call, classes, text_of, walk
from flask.testing import FlaskClient
from stand_in import (
    FAULTY,
    HOSTILE,
    HOSTILE_ID,
    NO_SAMPLES,
    NOW_MS,
    PAIR,
    PLAIN,
    REQUEUED,
    RUNNING,
    UNBOOKED,
    WIDE,
    StandIn,
    job_row,
)

from dash_app.components.job_columns import FIELDS
from dash_app.components.job_grid import slice_of, sort_of
from dash_app.context import PageContext
from dash_app.factory import PAGES, create_app
from dash_app.pages import energy, home, job, jobs, quality
from dash_app.shell import page_of, window_title
from maxwatt.config import Settings
from maxwatt.domain.errors import SourceError
from maxwatt.domain.viewer import ADMIN, Viewer


def client_of(queries: StandIn) -> FlaskClient:
    client = create_app(queries, Settings(), "token").server.test_client()
    client.get("/?token=token")
    return client


def context(pathname: str, search: str = "", **changes: Any) -> PageContext:
    queries = StandIn(**changes)
    return PageContext(ADMIN, queries, queries.status(ADMIN), pathname, search, NOW_MS)


def grid_request(**changes: Any) -> dict[str, Any]:
    return {"startRow": 0, "endRow": 100, "sortModel": [], "filterModel": {}} | changes


def test_every_question_is_asked_as_the_viewer_of_the_session() -> None:
    queries = StandIn()
    client = client_of(queries)
    call(client, "jobs-grid.getRowsResponse", {"jobs-grid.getRowsRequest": grid_request()})
    call(client, "page.children", {"url.pathname": f"/job/{PLAIN}", "url.search": ""})
    assert queries.viewers
    assert set(queries.viewers) == {ADMIN}


def test_grid_gets_its_slice_and_the_count() -> None:
    answer = call(client_of(StandIn()), "jobs-grid.getRowsResponse", {"jobs-grid.getRowsRequest": grid_request()})
    response = answer["response"]["jobs-grid"]["getRowsResponse"]
    assert len(response["rowData"]) == 100
    assert response["rowCount"] == 430
    assert answer["response"]["jobs-count"]["children"] == "430 jobs"
    first = response["rowData"][0]
    assert first["state"] == {"text": "Running", "code": "R", "kind": "running"}
    assert first["href"].startswith(f"/job/{RUNNING}?start=")


def test_grid_filters_and_sorts_on_the_server() -> None:
    values = {
        "jobs-grid.getRowsRequest": grid_request(endRow=5, sortModel=[{"colId": "energy_j", "sort": "desc"}]),
        "jobs-search.data": "?user=ada&q=big",
    }
    answer = call(client_of(StandIn()), "jobs-grid.getRowsResponse", values)["response"]
    assert answer["jobs-count"]["children"] == "1 job"
    assert answer["jobs-grid"]["getRowsResponse"]["rowData"][0]["energy_j"] == "480"


def test_no_match_is_explained_with_a_way_out() -> None:
    values = {"jobs-grid.getRowsRequest": grid_request(), "jobs-search.data": "?user=nobody"}
    answer = call(client_of(StandIn()), "jobs-grid.getRowsResponse", values)["response"]
    assert answer["jobs-grid"]["getRowsResponse"] == {"rowData": [], "rowCount": 0}
    assert "No job matches" in json.dumps(answer["jobs-empty"])
    assert '"/jobs"' in json.dumps(answer["jobs-empty"])
    none_yet = call(
        client_of(StandIn(rows=[])), "jobs-grid.getRowsResponse", {"jobs-grid.getRowsRequest": grid_request()}
    )
    assert "No jobs yet" in json.dumps(none_yet)


def test_a_table_that_does_not_look_at_older_jobs_says_so_and_can_be_told_to() -> None:
    client = client_of(StandIn(looked_since_ms=NOW_MS - 28 * 3_600_000))

    def shown(search: str) -> tuple[str, str]:
        values = {"jobs-grid.getRowsRequest": grid_request(), "jobs-search.data": search}
        answer = call(client, "jobs-grid.getRowsResponse", values)["response"]
        return json.dumps(answer["jobs-count"]["children"]), json.dumps(answer["jobs-empty"])

    count, _nothing = shown("?fold=none&q=big")
    assert "1 job since 2025-06-14" in count
    assert '"/jobs?fold=none&q=big&back=all"' in count
    count, nothing = shown("?q=mary-was-here")
    assert count == '""'
    assert "No job since 2025-06-14 matches" in nothing
    assert '"/jobs?q=mary-was-here&back=all"' in nothing
    assert "back=all" not in "".join(shown("?fold=none&q=big&back=all"))
    assert "No job matches" in shown("?q=mary-was-here&back=all")[1]


def test_an_error_of_ours_is_a_sentence_and_the_grid_stops_waiting() -> None:
    client = client_of(StandIn(failing={"jobs": SourceError("the ledger is locked; try again")}))
    answer = call(client, "jobs-grid.getRowsResponse", {"jobs-grid.getRowsRequest": grid_request()})
    assert answer["response"]["jobs-grid"]["getRowsResponse"] == {"rowData": [], "rowCount": 0}
    assert "the ledger is locked; try again" in json.dumps(answer["sideUpdate"])


def test_an_error_that_is_not_ours_shows_nothing_of_itself() -> None:
    client = client_of(StandIn(failing={"energy_summary": RuntimeError("password=hunter2")}))
    answer = call(client, "energy-sums.children", {"energy-range.value": "7d"})
    assert "hunter2" not in json.dumps(answer)
    assert "Traceback" not in json.dumps(answer)
    assert "log says more" in json.dumps(answer["sideUpdate"])


def test_a_page_that_cannot_be_read_says_so_in_its_place() -> None:
    client = client_of(StandIn(failing={"job": SourceError("the ledger is away")}))
    answer = call(client, "page.children", {"url.pathname": f"/job/{PLAIN}"})["response"]
    assert "the ledger is away" in json.dumps(answer["page"]["children"])


def test_the_frame_stands_when_even_the_status_fails() -> None:
    client = client_of(StandIn(failing={"status": SourceError("the ledger is away")}))
    layout = client.get("/_dash-layout")
    assert layout.status_code == 200
    assert "the ledger is away" in layout.get_data(as_text=True)


def test_every_page_carries_status_and_the_simulated_label() -> None:
    text = client_of(StandIn()).get("/_dash-layout").get_data(as_text=True)
    assert "Simulated data" in text
    assert "energy booked until" in text
    real = client_of(StandIn(status_changes={"simulated": False})).get("/_dash-layout").get_data(as_text=True)
    assert "Simulated data" not in real


def test_a_silent_source_is_named_with_its_time() -> None:
    from aggregator.queries.models import SourceAge

    sources = (SourceAge("accounting", NOW_MS, 0.0, "slurmdbd: connection refused"),)
    client = client_of(StandIn(status_changes={"sources": sources}))
    answer = call(client, "status.children", {"status-tick.n_intervals": 1})
    assert "accounting does not answer, it last did" in json.dumps(answer)
    assert "connection refused" in json.dumps(answer)


@pytest.mark.parametrize(
    ("path", "page", "title"),
    [
        ("/", home, "My jobs · maxwatt"),
        ("/jobs", jobs, "Jobs · maxwatt"),
        ("/job/42", job, "Job 42 · maxwatt"),
        ("/energy", energy, "Energy · maxwatt"),
        ("/nowhere", None, "Not found · maxwatt"),
        ("/jobsx", None, "Not found · maxwatt"),
    ],
)
def test_addresses_lead_to_their_pages(path: str, page: Any, title: str) -> None:
    assert page_of(path, PAGES) is page
    assert window_title(path, page) == title


def test_job_page_has_slurms_facts() -> None:
    text = text_of(job.layout(context(f"/job/{PLAIN}")))
    facts = (
        *("9001", "npt-equilibration", "Completed", "2025-06-14 15:06:40 CEST (a day ago)", "02:00:00 of 04:00:00"),
        *("main", "biophys", "normal", "n001", "icelake", "/home/ada/runs/npt/submit.sh --seed 7"),
        *("/home/ada/runs/npt/slurm-9001.out", "/home/ada/runs/npt/slurm-9001.err", "2.4 kWh", "864 g"),
    )
    for fact in facts:
        assert fact in text, fact


def drawer_of(job_id: int, queries: StandIn | None = None) -> str:
    """What stands in the drawer after a click below the energy."""
    queries = queries or StandIn()
    row = queries.job_attempts(ADMIN, job_id)[-1]
    body = {
        "output": "..job-why.opened...job-why-content.children..",
        "outputs": [{"id": "job-why", "property": "opened"}, {"id": "job-why-content", "property": "children"}],
        "inputs": [[{"id": {"of": "energy", "type": "job-why-button"}, "property": "n_clicks", "value": 1}]],
        "state": [{"id": "job-key", "property": "data", "value": {"job_id": job_id, "start_ms": row.start_ms}}],
        "changedPropIds": ['{"of":"energy","type":"job-why-button"}.n_clicks'],
    }
    response = client_of(queries).post("/_dash-update-component", json=body)
    assert response.status_code == 200
    return json.dumps(response.get_json(), ensure_ascii=False)


def test_evidence_is_behind_the_energy() -> None:
    assert "How do we know?" in text_of(job.layout(context(f"/job/{PLAIN}")))
    text = drawer_of(PLAIN)
    for part in ("Counted by the hardware", "81 %", "97 % of the time", "± 4.3 %", "version 1",
                 "ember-owid DE 2024 (average, lifecycle, static)", "360 g/kWh", "Node by node",
                 "96 to 98.5 W (calibrated from 120 job-free intervals)", "Booked in 8 windows",
                 "2.4 kWh × 360 g/kWh = 864 g"):  # fmt: skip
        assert part in text, part


def test_the_drawer_tells_of_some_of_very_many_nodes() -> None:
    text = drawer_of(WIDE)
    assert "The 12 nodes with the most energy" in text
    assert "maxwatt job 9004 --explain" in text
    assert len(text) < 60_000


def test_what_is_unknown_is_called_unknown() -> None:
    page = job.layout(context(f"/job/{UNBOOKED}"))
    text = text_of(page)
    assert "not booked yet" in text
    assert text.count("unknown") >= 3
    assert "0 kWh" not in text
    assert "Where the energy went" not in text
    bars = job.layout(context(f"/job/{NO_SAMPLES}"))
    assert "mw-bar-unknown" in classes(bars)


def test_more_than_everything_is_a_fault() -> None:
    page = job.layout(context(f"/job/{FAULTY}"))
    assert "131 %" in text_of(page)
    assert "the records disagree" in text_of(page)
    assert "mw-bar-fault" in classes(page)


def test_attempts_of_a_requeued_job_are_linked() -> None:
    first, last = StandIn().job_attempts(ADMIN, REQUEUED)
    page = job.layout(context(f"/job/{REQUEUED}"))
    links = {getattr(one, "href", None) for one in walk(page)}
    assert f"/job/{REQUEUED}?start={first.start_ms}" in links
    assert by_id(page, "job-key").data["start_ms"] == last.start_ms
    older = job.layout(context(f"/job/{REQUEUED}", f"?start={first.start_ms}"))
    assert "Node fail" in text_of(older)
    assert "started 2 times" not in text_of(job.layout(context(f"/job/{PLAIN}")))


def test_a_running_job_refreshes_itself_and_a_finished_one_does_not() -> None:
    assert by_id(job.layout(context(f"/job/{RUNNING}")), "job-refresh").disabled is False
    assert "still running" in text_of(job.layout(context(f"/job/{RUNNING}")))
    assert by_id(job.layout(context(f"/job/{PLAIN}")), "job-refresh").disabled is True
    queries = StandIn()
    row = queries.job_attempts(ADMIN, RUNNING)[0]
    values = {
        "job-refresh.n_intervals": 1,
        "job-key.data": {"job_id": RUNNING, "start_ms": row.start_ms, "large": RUNNING == WIDE},
    }
    assert call(client_of(queries), "job-head.children", values)["response"]["job-refresh"]["disabled"] is False


@pytest.mark.parametrize(
    "path", ["/job/", "/job/abc", "/job/1e3", "/job/-1", "/job/999999999999999", "/job/77", "/job/<b>"]
)
def test_a_job_that_is_not_there_is_explained(path: str) -> None:
    text = text_of(job.layout(context(path)))
    assert text == text_of(job.layout(context("/job/77")))
    assert "There is no such job" in text


def test_a_job_that_waits_says_why_and_since_when() -> None:
    text = text_of(job.layout(context("/job/9101")))
    for part in ("sweep", "Pending", "Resources: next in line", "an hour ago", "in an hour", "3-99%4",
                 "It has used nothing yet"):  # fmt: skip
        assert part in text, part
    assert HOSTILE in text_of(job.layout(context("/job/9100")))
    assert "There is no such job" in text_of(job.layout(context("/job/9101", "?start=17")))


def test_a_start_that_was_none_is_no_job() -> None:
    assert "There is no such job" in text_of(job.layout(context(f"/job/{PLAIN}", "?start=17")))


def charts_of(job_id: int, page: int = 1, node: str | None = None, logical: bool = True) -> dict[str, Any]:
    queries = StandIn()
    row = queries.job_attempts(ADMIN, job_id)[-1]
    values = {
        "job-key.data": {"job_id": job_id, "start_ms": row.start_ms, "large": job_id == WIDE},
        "job-nodes.value": page,
        "job-node.value": node,
        "job-logical.checked": logical,
    }
    return call(client_of(queries), "job-charts.children", values)["response"]


def graphs(answer: dict[str, Any]) -> int:
    return json.dumps(answer).count('"type": "Graph"')


def test_charts_of_one_node() -> None:
    answer = charts_of(PLAIN)
    text = json.dumps(answer)
    assert graphs(answer) == 4
    assert "Disk traffic of the job on n001 over time" in text
    assert "Network" not in text  # others use the node
    assert "CPU of the job on n001 over time" in text
    assert "Dynamic power" not in text  # the table behind the charts comes when it is opened
    assert '"job-figures"' in text
    assert "95th percentile" in text
    assert "CPU, % of 16 CPUs" in text
    assert answer["job-logical-box"]["hidden"] is False
    assert "CPU, % of 8 cores" in json.dumps(charts_of(PLAIN, logical=False))


def test_a_job_with_boards_has_charts_of_them() -> None:
    answer = charts_of(RUNNING)
    assert graphs(answer) == 6
    assert "GPU memory of the job on n001 over time" in json.dumps(answer)


def test_charts_of_many_nodes_come_in_pages() -> None:
    assert graphs(charts_of(PAIR)) == 2 * 5  # CPU, memory, network, disk, power
    first, last = charts_of(WIDE), charts_of(WIDE, page=50)
    assert graphs(first) == 4 * 5
    assert "n004" in json.dumps(first)
    assert "n005" not in json.dumps(first)
    assert "n200" in json.dumps(last)
    assert graphs(charts_of(WIDE, node="n123")) == 5
    assert graphs(charts_of(WIDE, node="n999")) == 0
    assert len(json.dumps(first)) < 300_000


@pytest.mark.parametrize("boards", [0, 1, 4, 8])
def test_a_page_of_charts_stays_below_300_kb(boards: int) -> None:
    row = job_row(1, node_count=8, node_list="n[001-008]", cpus=1024, gpu_count=8 * boards)
    queries = StandIn(rows=[row])
    values = {"job-key.data": {"job_id": 1, "start_ms": row.start_ms, "large": WIDE == 1}}
    answer = call(client_of(queries), "job-charts.children", values)["response"]
    assert graphs(answer) == (8 * (5 if boards else 3) if boards < 4 else 4 * 7)
    assert len(json.dumps(answer, separators=(",", ":"))) < 300_000


def test_all_nodes_of_a_large_job_stand_in_one_picture() -> None:
    page = job.layout(context(f"/job/{WIDE}"))
    assert by_id(page, "job-metric").value == "power"
    queries = StandIn()
    row = queries.job_attempts(ADMIN, WIDE)[-1]
    values = {
        "job-key.data": {"job_id": WIDE, "start_ms": row.start_ms, "large": True},
        "job-metric.value": "cpu",
    }
    text = json.dumps(call(client_of(queries), "job-overview.children", values))
    assert text.count('"type": "Graph"') == 1
    assert "CPU, node by node" in text
    assert "Imbalance" in text
    assert "the 48 nodes with the most power of 200" in text
    assert len(text) < 300_000
    tampered = call(client_of(queries), "job-overview.children", {**values, "job-metric.value": "<b>"})
    assert "Power, node by node" in json.dumps(tampered)


def test_what_to_change_and_jobs_alike() -> None:
    def change_of(job_id: int) -> str:
        queries = StandIn()
        row = queries.job_attempts(ADMIN, job_id)[-1]
        key = {"job-key.data": {"job_id": job_id, "start_ms": row.start_ms, "large": job_id == WIDE}}
        return json.dumps(call(client_of(queries), "job-change.children", key), ensure_ascii=False)

    text = change_of(PLAIN)
    for part in ("#SBATCH --mem=24G", "saves 83.3 Wh of static energy", "19.8 GiB of 64 GiB", "#SBATCH --time=02:45:00",
                 "may start sooner", "last 14 jobs of the same name", "2.14 kWh", "01:56:40"):  # fmt: skip
        assert part in text, part
    assert "While it runs nobody knows" in change_of(RUNNING)
    assert "did not end normally" in change_of(FAULTY)
    assert "too few to compare" in change_of(HOSTILE_ID)


def tables_of(clicks: dict[str, int | None], changed: str) -> dict[str, Any]:
    """By node, the tables that come when its opener was clicked so many times; `changed` is a node or the timer."""
    queries = StandIn()
    row = queries.job_attempts(ADMIN, WIDE)[-1]
    openers = [({"of": node, "type": "job-figures"}, count) for node, count in clicks.items()]
    states = {"job-key": ("data", {"job_id": WIDE, "start_ms": row.start_ms, "large": True}),
              "job-nodes": ("value", 1), "job-node": ("value", None)}  # fmt: skip
    body = {
        "output": '{"of":["ALL"],"type":"job-table"}.children',
        "outputs": [{"id": {"of": node, "type": "job-table"}, "property": "children"} for node in clicks],
        "inputs": [
            [{"id": opener, "property": "n_clicks", "value": count} for opener, count in openers],
            {"id": "job-refresh", "property": "n_intervals", "value": 1},
        ],
        "state": [{"id": name, "property": prop, "value": value} for name, (prop, value) in states.items()],
        "changedPropIds": [changed if "." in changed else f'{{"of":"{changed}","type":"job-figures"}}.n_clicks'],
    }
    answer = client_of(queries).post("/_dash-update-component", json=body)
    assert answer.status_code in {200, 204}, answer.get_data(as_text=True)
    sent = answer.get_json()["response"] if answer.status_code == 200 else {}
    return {json.loads(place)["of"]: values["children"] for place, values in sent.items()}


def test_the_table_behind_charts_comes_when_it_is_opened() -> None:
    opened = tables_of({"n001": None, "n002": 1, "n003": 3}, "n002")
    assert opened.keys() == {"n002"}
    assert "Dynamic power" in json.dumps(opened)
    assert tables_of({"n001": None, "n002": 2}, "n002") == {}


def test_open_tables_go_with_the_time() -> None:
    assert tables_of({"n001": None, "n002": 1, "n003": 2}, "job-refresh.n_intervals").keys() == {"n002"}
    assert tables_of({"n001": None}, "job-refresh.n_intervals") == {}
    assert tables_of({}, "job-refresh.n_intervals") == {}


def live_of(job_id: int, parts: list[str], graphs: list[str]) -> dict[str, Any]:
    """What a tick sends to a page that has these parts and graphs."""
    queries = StandIn()
    row = queries.job_attempts(ADMIN, job_id)[-1]

    def ids(names: list[str], kind: str, prop: str) -> list[dict[str, Any]]:
        return [{"id": {"of": name, "type": kind}, "property": prop} for name in names]

    client = client_of(queries)
    listed = client.get("/_dash-dependencies").get_json()
    output = next(one["output"] for one in listed if "job-graph" in one["output"])
    states = {"job-key": ("data", {"job_id": job_id, "start_ms": row.start_ms, "large": job_id == WIDE}),
              "job-nodes": ("value", 1), "job-node": ("value", None), "job-logical": ("checked", True),
              "job-metric": ("value", "power")}  # fmt: skip
    whole = {"id": "job-charts", "property": output[2:].partition("...")[0].partition(".")[2]}
    body = {
        "output": output,
        "outputs": [whole, ids(parts, "job-part", "children"), ids(graphs, "job-graph", "figure")],
        "inputs": [{"id": "job-refresh", "property": "n_intervals", "value": 1}],
        "state": [{"id": name, "property": prop, "value": value} for name, (prop, value) in states.items()],
        "changedPropIds": ["job-refresh.n_intervals"],
    }
    response = client.post("/_dash-update-component", json=body)
    assert response.status_code == 200, response.get_data(as_text=True)
    return response.get_json()["response"]  # type: ignore[no-any-return]


def names_in(tree: Any, kind: str) -> list[str]:
    """The parts that a page's JSON holds."""
    if isinstance(tree, list):
        return [name for one in tree for name in names_in(one, kind)]
    if not isinstance(tree, dict):
        return []
    own = tree.get("id")
    here = [own["of"]] if isinstance(own, dict) and own.get("type") == kind else []
    return here + [name for one in tree.values() for name in names_in(one, kind)]


def test_a_tick_writes_only_what_changed_inside_of_the_page() -> None:
    page = charts_of(RUNNING)
    parts, graphs = names_in(page, "job-part"), names_in(page, "job-graph")
    assert {"n001/cpu", "n001/table", "statistics"} <= set(parts)
    assert graphs == ["n001/cpu", "n001/gpu", "n001/gpu-memory", "n001/memory", "n001/disk", "n001/power"]
    sent = json.dumps(live_of(RUNNING, parts, graphs))
    assert sent.count('"figure"') == 6
    assert '"Graph"' not in sent  # no chart is made anew


def test_a_page_whose_parts_are_others_is_written_anew() -> None:
    sent = json.dumps(live_of(RUNNING, [], []))
    assert sent.count('"Graph"') == 6


def test_bars_of_boards() -> None:
    text = text_of(job.layout(context(f"/job/{RUNNING}")))
    assert "62 %" in text
    assert "62 GiB at its peak of 160 GiB" in text
    assert "GPU memory" not in text_of(job.layout(context(f"/job/{PLAIN}")))


def test_paths_can_be_copied() -> None:
    page = job.layout(context(f"/job/{PLAIN}"))
    copies = {getattr(one, "data-copy", None) for one in walk(page)}
    assert {"9001", "n001", "/home/ada/runs/npt", "/home/ada/runs/npt/slurm-9001.out"} <= copies


def test_a_key_that_was_tampered_with_shows_nothing() -> None:
    queries = StandIn()
    values = {"job-key.data": {"job_id": PLAIN, "start_ms": 1, "large": False}}
    client = client_of(queries)
    assert call(client, "job-change.children", values)["response"]["job-change"]["children"] == []
    assert "job-head" not in call(client, "job-head.children", {**values, "job-refresh.n_intervals": 1})["response"]
    assert "job-charts" not in call(client, "job-charts.children", values)["response"]


def test_a_job_without_samples_is_explained() -> None:
    answer = charts_of(NO_SAMPLES)
    assert "No samples of this job" in json.dumps(answer)
    assert graphs(answer) == 0


def test_hostile_names_are_text() -> None:
    page = job.layout(context(f"/job/{HOSTILE_ID}"))
    assert HOSTILE in text_of(page)
    raw = [getattr(one, "dangerously_allow_html", False) for one in walk(page)]
    assert not any(raw)


def test_filters_follow_the_address() -> None:
    page = jobs.layout(context("/jobs", "?state=failed&user=ada&account=x&partition=gpu&q=%3Cb%3E"))
    shown = {name: by_id(page, f"jobs-{name}").value for name in ("state", "user", "account", "partition", "q")}
    assert shown == {"state": ["FAILED"], "user": "ada", "account": "x", "partition": "gpu", "q": "<b>"}
    assert by_id(jobs.layout(context("/jobs", "?state=nonsense")), "jobs-state").value == []


def test_sorting_accepts_known_fields_only() -> None:
    assert sort_of({"sortModel": [{"colId": "energy_j", "sort": "asc"}]}) == ("energy_j", False)
    assert sort_of({"sortModel": [{"colId": "tags", "sort": "asc"}]}) == ("start_ms", True)
    assert sort_of({"sortModel": [{"colId": "__class__", "sort": "asc"}]}) == ("start_ms", True)
    assert sort_of({}) == ("start_ms", True)


@pytest.mark.parametrize("model", [None, "x", [], [7], [{}], [{"colId": ["name"]}], [{"colId": "1; drop table jobs"}]])
def test_a_forged_order_is_the_newest_first(model: object) -> None:
    assert sort_of({"sortModel": model}) == ("start_ms", True)


@pytest.mark.parametrize(("first", "last", "slice_"), [(0, 10**6, (0, 500)), (-5, 1e308, (0, 0)), ("x", None, (0, 0))])
def test_a_forged_slice_is_bounded(first: object, last: object, slice_: tuple[int, int]) -> None:
    assert slice_of({"startRow": first, "endRow": last}) == slice_


def test_every_sortable_column_is_one_the_ledger_sorts_by() -> None:
    from aggregator.queries.folded import SORT_KEYS as FOLDED_KEYS
    from aggregator.queries.jobs import SORT_KEYS

    assert set(SORT_KEYS) & set(FOLDED_KEYS) >= FIELDS


def test_energy_page_has_sums_shares_power_and_ranking() -> None:
    client = client_of(StandIn())
    sums = json.dumps(call(client, "energy-sums.children", {"energy-range.value": "7d"}), ensure_ascii=False)
    for part in ("1.58 MWh", "Where it went", "Unattributed", "Mean power", "EUR"):
        assert part in sums, part


def test_energy_ranking_by_what_is_chosen() -> None:
    client = client_of(StandIn())
    values = {"energy-range.value": "custom", "energy-days.value": ["2025-06-01", "2025-06-16"]}
    users = json.dumps(call(client, "energy-ranking.children", values))
    assert '"/jobs?user=grace"' in users
    accounts = json.dumps(call(client, "energy-ranking.children", {**values, "energy-group.value": "account"}))
    assert '"/jobs?account=climate"' in accounts
    empty = {"energy-range.value": "custom", "energy-days.value": ["2001-01-01", "2001-01-02"]}
    assert "No energy of jobs" in json.dumps(call(client, "energy-ranking.children", empty))


def test_energy_without_bookings_offers_the_last_booked_week() -> None:
    answer = json.dumps(call(client_of(StandIn(empty=True)), "energy-sums.children", {"energy-range.value": "24h"}))
    assert "Nothing is booked in this time" in answer
    assert "/energy?since=2025-06-08&until=2025-06-15" in answer
    never = client_of(StandIn(empty=True, status_changes={"booked_until_ms": None}))
    assert "No energy is booked yet" in json.dumps(call(never, "energy-sums.children", {"energy-range.value": "24h"}))


def test_mean_power_is_over_the_booked_time_not_over_all_that_was_asked_for() -> None:
    from dataclasses import replace

    from dash_app.components.energy_parts import summary_tiles

    stand_in = StandIn()
    week = replace(stand_in.energy_summary(ADMIN, 0, 7 * 86_400_000), total_j=7.2e6, booked_s=3600.0)
    assert "2 kW" in text_of(summary_tiles(week, stand_in.status(ADMIN)))


def test_energy_of_a_viewer_who_sees_own_jobs_only_has_no_cluster_shares() -> None:
    from dataclasses import replace

    from dash_app.components.energy_parts import accounts_bar

    whole = StandIn().energy_summary(ADMIN, 0, 3_600_000)
    own = replace(whole, system_j=None, idle_j=None, unattributed_j=None, idle_by_kind_j={})
    assert "Idle" in text_of(accounts_bar(whole))
    assert "Idle" not in text_of(accounts_bar(own))


def test_kinds_of_idle_are_told_apart_by_words_and_hatching() -> None:
    from dataclasses import replace

    from dash_app.components.energy_parts import accounts_bar

    whole = StandIn().energy_summary(ADMIN, 0, 3_600_000)
    kinds = {"idle": 1.0e6, "drained": 2.0e6, "down": 3.0e6, "powered_off": 4.0e6}
    shown = accounts_bar(replace(whole, idle_by_kind_j=kinds))
    assert all(word in text_of(shown) for word in ("Idle", "Drained", "Down", "Powered off"))
    classes = json.dumps(shown.to_plotly_json(), default=lambda part: part.to_plotly_json())
    assert all(f"mw-hatch-{name}" in classes for name in ("slash", "cross", "dots"))


def test_quality_page_tells_findings_and_faults() -> None:
    text = text_of(quality.layout(context("/quality")))
    assert "1 fault, 1 warning" in text
    assert "n007 61 %" in text
    assert "See whether the agent runs there." in text
    assert "1\u202f200" in text


def test_quality_page_is_for_administrators() -> None:
    queries = StandIn()
    viewer = Viewer("ada")
    page = quality.layout(PageContext(viewer, queries, queries.status(viewer), "/quality", "", NOW_MS))
    assert "shown to administrators" in text_of(page)


def test_sessions_stand_beside_jobs_and_lead_to_no_job() -> None:
    from dataclasses import replace

    from dash_app.components.energy_parts import accounts_bar, ranking

    stand_in = StandIn()
    whole = stand_in.energy_summary(ADMIN, 0, 3_600_000)
    assert "Sessions" in text_of(accounts_bar(replace(whole, sessions_j=5.0e6)))
    assert "Sessions" not in text_of(accounts_bar(whole))
    ada, grace = stand_in.energy_by(ADMIN, "user", 0, 2**62)[:2]
    only_logins = replace(grace, name="eve", jobs=0, sessions_j=grace.energy_j)
    shown = ranking([replace(ada, sessions_j=3.6e6), only_logins], "user", "EUR")
    assert "in sessions" in text_of(shown)
    links = json.dumps(shown.to_plotly_json(), default=lambda part: part.to_plotly_json())
    assert f"/jobs?user={ada.name}" in links
    assert "user=eve" not in links
    line = ranking([replace(only_logins, name="(sessions)")], "account", "EUR")
    assert "in sessions" not in text_of(line)


def test_a_long_ranking_links_its_first_names_and_holds_the_others_in_a_table_of_text() -> None:
    from dataclasses import replace

    from dash_app.components.energy_parts import MAX_LINKED, ranking

    (ada, *_rest) = StandIn().energy_by(ADMIN, "user", 0, 2**62)
    rows = [replace(ada, name=f"user{i:03}") for i in range(MAX_LINKED + 30)]
    shown = ranking(rows, "user", "EUR")
    sent = json.dumps(shown.to_plotly_json(), default=lambda part: part.to_plotly_json())
    assert sent.count("/jobs?user=") == MAX_LINKED
    assert all(row.name in sent for row in rows)
    assert "The next 30" in text_of(shown)
    assert "The next" not in text_of(ranking(rows[:MAX_LINKED], "user", "EUR"))
