"""The cluster page: what its parts say, who may see it, what it does with little, odd and much."""

import json
from dataclasses import replace
from typing import Any

import pytest
from asking import by_id, call, classes, text_of, walk
from cluster_stand_in import HOSTILE_NODE, grid, nodes_now
from flask.testing import FlaskClient
from plotly.utils import PlotlyJSONEncoder
from stand_in import NOW_MS, StandIn

from aggregator.queries.cluster_models import ClusterNow, NodeNow, Outlook
from aggregator.queries.energy_models import EnergySeries
from aggregator.queries.models import FigureUse
from dash_app.components.cluster_parts import largest_waste, latest, now_tiles, quality_part
from dash_app.components.energy_parts import power_chart
from dash_app.components.node_map import cell_class, map_data, map_legend, node_table, power_edges_w, scale_top_w
from dash_app.components.node_panel import node_panel
from dash_app.components.outlook_parts import outlook_part, spans
from dash_app.context import PageContext
from dash_app.factory import create_app
from dash_app.pages import cluster
from maxwatt.config import Settings
from maxwatt.domain.units import DAY_MS
from maxwatt.domain.viewer import ADMIN, Viewer

NODE = NodeNow("n1", "main", "IDLE", "idle", "", None, NOW_MS, {"cpu": 100.0}, 0.0, 0.3, 0.6, None, 0)


def client_of(queries: StandIn) -> FlaskClient:
    client = create_app(queries, Settings(), "token").server.test_client()
    client.get("/?token=token")
    return client


def layout_of(viewer: Viewer, search: str = "") -> Any:
    queries = StandIn()
    return cluster.layout(PageContext(viewer, queries, queries.status(viewer), "/cluster", search, NOW_MS))


def now_of(*nodes: NodeNow) -> ClusterNow:
    return ClusterNow(nodes, NOW_MS, 180.0, NOW_MS)


def test_who_does_not_see_all_sees_nothing_of_it() -> None:
    page = layout_of(Viewer("ada"))
    assert "Not for everybody" in text_of(page)
    assert not any(getattr(one, "id", "") == "cluster-now" for one in walk(page))
    assert cluster.shown_to(ADMIN, Settings())
    assert not cluster.shown_to(Viewer("ada"), Settings())


def test_the_address_says_range_split_colours_and_node() -> None:
    page = layout_of(ADMIN, "?range=30d&by=user&nodes=state&node=n7")
    chosen = {name: by_id(page, f"cluster-{name}").value for name in ("range", "split", "colouring")}  # type: ignore[attr-defined]
    assert chosen == {"range": "30d", "split": "user", "colouring": "state"}
    assert by_id(page, "cluster-node").data == {"name": "n7"}  # type: ignore[attr-defined]


@pytest.mark.parametrize("search", ["?range=x&by=name&nodes=1", "?by=%00&range=", "?node=" + "x" * 9999])
def test_a_forged_address_is_the_plain_page(search: str) -> None:
    page = layout_of(ADMIN, search)
    assert by_id(page, "cluster-range").value == "7d"  # type: ignore[attr-defined]
    assert by_id(page, "cluster-split").value == "kind"  # type: ignore[attr-defined]


def test_power_now_is_marked_provisional_and_says_how_many_nodes_it_knows() -> None:
    queries = StandIn()
    day = queries.energy_summary(ADMIN, NOW_MS - DAY_MS, NOW_MS)
    found = text_of(now_tiles(nodes_now(64, NOW_MS), grid(NOW_MS), day))
    assert "40 of 64 nodes" in found
    assert "provisional" in found
    assert "newest 9 s old" in found


def test_no_sample_is_unknown_power_and_not_zero() -> None:
    day = StandIn().energy_summary(ADMIN, NOW_MS - DAY_MS, NOW_MS)
    silent = replace(NODE, power_w={}, sampled_ms=NOW_MS - 3_600_000)
    found = now_tiles(ClusterNow((silent,), NOW_MS, 180.0, NOW_MS - 3_600_000), Outlook(None, ""), day)
    tile = text_of(found)
    assert tile.startswith("Power now unknown The newest sample is of an hour ago.")
    assert "Emissions now unknown" in tile
    assert "0 W" not in tile


def test_emissions_are_power_times_pue_times_intensity() -> None:
    queries = StandIn()
    day = queries.energy_summary(ADMIN, NOW_MS - DAY_MS, NOW_MS)
    day = replace(day, figures=(FigureUse("pue", "config", "", "", "", "static", 1.5, 1.0),))
    outlook = grid(NOW_MS)
    assert outlook.now is not None
    outlook = replace(outlook, now=replace(outlook.now, g_per_kwh=400.0))
    found = text_of(now_tiles(now_of(replace(NODE, power_w={"cpu": 2000.0})), outlook, day))
    assert "1.2 kg/h" in found  # 2 kW x 1.5 x 400 g/kWh


def test_shades_double_and_unknown_is_no_shade() -> None:
    assert power_edges_w(320.0) == (10, 20, 40, 80, 160)
    assert cell_class(NODE, "power", 320.0) == "shade-4"
    assert cell_class(replace(NODE, power_w={}), "power", 320.0) == "unknown"
    assert cell_class(NODE, "use", 320.0) == "shade-2"
    assert cell_class(replace(NODE, gpu_use=0.95), "use", 320.0) == "shade-5"
    assert cell_class(NODE, "state", 320.0) == "idle"


@pytest.mark.parametrize(("largest_w", "top_w"), [(2341.0, 2500.0), (100.0, 100.0), (0.0, 1.0), (99.0, 100.0)])
def test_the_scale_ends_at_a_round_figure(largest_w: float, top_w: float) -> None:
    assert scale_top_w(now_of(replace(NODE, power_w={"cpu": largest_w}))) == top_w


def test_two_thousand_nodes_are_one_light_answer() -> None:
    data = map_data(nodes_now(2000, NOW_MS), "power")
    assert sum(len(group["cells"]) for group in data["groups"]) == 2000
    assert len(json.dumps(data)) < 300_000
    assert "shade-5" in {cell[1] for group in data["groups"] for cell in group["cells"]}


def test_states_are_counted_in_the_legend_and_all_nodes_are_in_the_table() -> None:
    now = nodes_now(64, NOW_MS)
    assert "Drained 8" in text_of(map_legend(now, "state"))
    rows = next(one for one in walk(node_table(now)) if hasattr(one, "data") and isinstance(one.data, dict)).data
    assert len(rows["body"]) == 64
    assert [rows["body"][-1][2], rows["body"][-1][-1]] == ["unknown", "never"] or "never" in {
        r[-1] for r in rows["body"]
    }


def test_callbacks_answer_for_an_administrator() -> None:
    client = client_of(StandIn())
    answers = [
        call(client, "cluster-now.children", {}),
        call(client, "cluster-cells.data", {"cluster-colouring.value": "state"}),
        call(client, "cluster-power.children", {"cluster-range.value": "30d", "cluster-split.value": "user"}),
        call(client, "cluster-users.children", {"cluster-range.value": "30d"}),
        call(client, "cluster-outlook.children", {}),
        call(client, "cluster-quality.children", {}),
        call(client, "cluster-drawer.children", {"cluster-node.data": {"name": "n0001"}}),
    ]
    for answer in answers:
        assert answer["response"]
        assert len(json.dumps(answer)) < 300_000


def test_a_hostile_node_stays_text_and_an_unknown_one_is_explained() -> None:
    client = client_of(StandIn())
    answer = call(client, "cluster-drawer.children", {"cluster-node.data": {"name": HOSTILE_NODE}})["response"]
    assert answer["cluster-drawer"]["title"] == HOSTILE_NODE[:80]
    answer = call(client, "cluster-drawer.children", {"cluster-node.data": {"name": "' OR 1=1 --"}})["response"]
    assert "This node is not known" in json.dumps(answer)


def test_a_node_tells_what_it_knows() -> None:
    queries = StandIn()
    detail = queries.node(ADMIN, "n0001")
    assert detail is not None
    found = node_panel(detail, NOW_MS, "UTC")
    words = text_of(found)
    assert "of it modelled" in words
    assert "0,1" in words
    assert "mw-bar-unknown" not in classes(found)
    silent = node_panel(replace(detail, now=replace(detail.now, power_w={}, cpu_use=None)), NOW_MS, "UTC")
    assert "No power is known" in text_of(silent)
    assert "mw-bar-unknown" in classes(silent)


def test_an_empty_cluster_is_explained() -> None:
    client = client_of(StandIn(empty=True))
    answer = call(client, "cluster-cells.data", {"cluster-colouring.value": "power"})["response"]
    assert "No node is known yet" in json.dumps(answer["cluster-table"])
    power = call(client, "cluster-power.children", {"cluster-range.value": "7d", "cluster-split.value": "kind"})
    assert "Nothing is booked in this time" in json.dumps(power)
    assert "No job was booked" in json.dumps(call(client, "cluster-users.children", {"cluster-range.value": "7d"}))


def test_the_newest_step_that_is_wholly_known() -> None:
    series = EnergySeries((0, 1, 2), 1, {"jobs": (1.0, 2.0, None), "idle": (3.0, 4.0, None)})
    assert latest(series) == (1, {"jobs": 2.0, "idle": 4.0})
    assert latest(EnergySeries((0,), 1, {"jobs": (None,)})) is None


def test_cleanest_hours_are_told_as_spans() -> None:
    outlook = grid(NOW_MS)
    assert all(end - start == 3 * 3_600_000 for start, end in spans(outlook.hours))
    found = outlook_part(outlook, NOW_MS, "Europe/Berlin")
    assert "Cleanest: 16 Jun 13:00 – 16:00" in text_of(found)
    assert len(json.dumps(found, cls=PlotlyJSONEncoder)) < 60_000
    assert "yearly figure" in text_of(outlook_part(Outlook(outlook.now, "ember-owid DE 2024"), NOW_MS, "UTC"))


def test_silent_nodes_are_named_and_many_are_cut() -> None:
    queries = StandIn()
    day = queries.energy_summary(ADMIN, NOW_MS - DAY_MS, NOW_MS)
    words = text_of(quality_part(queries.health(ADMIN), nodes_now(64, NOW_MS), day))
    assert "24 nodes are silent, 8 of them from the beginning: n0005" in words
    assert "…" in words
    assert "1 fault, 1 warning" in words


def test_waste_is_in_order_and_nobody_wastes_nothing() -> None:
    rows = StandIn().energy_by(ADMIN, "user", 0, NOW_MS)
    shown = text_of(largest_waste(rows))
    wasted = sorted((row for row in rows if row.waste_j), key=lambda row: -(row.waste_j or 0.0))
    assert [shown.index(row.name) for row in wasted[:3]] == sorted(shown.index(row.name) for row in wasted[:3])
    assert "No job was booked" in text_of(largest_waste([replace(rows[0], waste_j=None)]))


@pytest.mark.parametrize(("count", "rows", "note"), [(240, 48, "every 5. interval"), (48, 48, ""), (1, 1, "")])
def test_the_table_behind_the_power_is_thinned_before_it_is_spelled(count: int, rows: int, note: str) -> None:
    series = EnergySeries(tuple(range(0, count * 3_600_000, 3_600_000)), 3_600_000, {"jobs": (1.0,) * count})
    part = power_chart(series, "UTC")
    table = next(one.data for one in walk(part) if isinstance(getattr(one, "data", None), dict) and "body" in one.data)
    assert len(table["body"]) == rows
    assert ("every" in text_of(part)) == bool(note)
    assert note in text_of(part)
