"""What can be chosen above the charts of a job: how cores count, one node, a page of nodes, what the picture shows."""

from collections.abc import Sequence

import dash_mantine_components as dmc
from dash import html

from dash_app.components.attributes import aria
from dash_app.components.job_overview import metric_choice
from dash_app.components.states import waiting
from dash_app.language import _, _n


def node_choices(names: Sequence[str], per_page: int) -> html.Div:
    """The switch of the cores, and the choice of one node and of a page of nodes where the job has several."""
    pages = -(-len(names) // per_page) or 1
    meaning = _("100 % is all logical cores, else all cores")
    switch = dmc.Switch(
        id="job-logical", label=_("Logical cores"), description=meaning, checked=True, size="sm", persistence=True
    )
    return html.Div(
        [
            html.Div(switch, id="job-logical-box", hidden=True),
            html.Div(
                [
                    dmc.Select(
                        id="job-node",
                        data=names,
                        placeholder=_n("The node", "All {n} nodes", len(names)),
                        clearable=True,
                        searchable=True,
                        size="sm",
                        limit=50,
                        nothingFoundMessage=_("No such node"),
                        **aria(label=_("Show one node")),
                    ),
                    dmc.Pagination(
                        id="job-nodes",
                        total=pages,
                        value=1,
                        size="sm",
                        hideWithOnePage=True,
                        withControls=False,
                        **aria(label=_("Pages of nodes")),
                    ),
                ],
                className="mw-node-choice",
                hidden=len(names) < 2,
            ),
        ],
        className="mw-chart-choices",
    )


def all_nodes(*, shown: bool) -> html.Div:
    """The part with all nodes of a job, hidden where the charts show all of them."""
    heading = html.H2(_("All nodes"), className="mw-section-title")
    parts = [
        html.Div([heading, metric_choice()], className="mw-section-head"),
        html.Div(waiting(560), id="job-overview", className="mw-overview"),
    ]
    return html.Div(parts, hidden=not shown)
