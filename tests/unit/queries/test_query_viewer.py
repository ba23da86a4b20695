"""Nobody sees what is not theirs, whichever question they ask."""

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any

import pytest
from ledger_book import BUCKET, T0, Book

from aggregator.queries.models import JobFilter
from aggregator.queries.queries import Queries
from aggregator.queries.recent import RecentJob
from maxwatt.domain.viewer import ADMIN, Viewer

METHODS = {
    name: function for name, function in inspect.getmembers(Queries, inspect.isfunction) if not name.startswith("_")
}
SPAN = {"since_ms": T0, "until_ms": T0 + 10 * BUCKET}
CALLS: dict[str, list[dict[str, Any]]] = {
    "jobs": [
        {"filter": wanted, "sort": sort, "descending": True, "offset": 0, "limit": 100}
        for sort in ("start_ms", "energy_j", "elapsed_s", "cpu_efficiency")
        for wanted in (JobFilter(), JobFilter(user="bob"), JobFilter(text="train"))
    ],
    "job": [{"job_id": 102}, {"job_id": 101}, {"job_id": 102, "start_ms": T0 + BUCKET}],
    "job_attempts": [{"job_id": 102}],
    **{
        name: [{"job_id": 102}, {"job_id": 101}]
        for name in (
            "job_head",
            "job_nodes",
            "job_windows",
            "job_intensity",
            "job_gpus",
            "similar_jobs",
            "job_change",
            "job_advice",
        )
    },
    "waiting_job": [{"job_id": 102}],
    "job_series": [{"job_id": 102}, {"job_id": 101}],
    "folded_jobs": [
        {"filter": wanted, "fold": fold, "sort": "count", "descending": True, "offset": 0, "limit": 100}
        for fold in ("array", "name")
        for wanted in (JobFilter(), JobFilter(user="bob"), JobFilter(nodes="n1"))
    ],
    "running_jobs": [{"everybody": True, "limit": 9}, {"everybody": False, "limit": 9}],
    "waiting_jobs": [{"everybody": True, "limit": 9}, {"everybody": False, "limit": 9}],
    "overview": [{"everybody": True}, {"everybody": False}],
    "recent_uses": [{"wanted": [RecentJob(102, "bob", 0, T0), RecentJob(101, "bob", 0)]}],
    "explain": [{"job_id": 102}, {"job_id": 101}],
    "health": [{}],
    "energy_of_nodes": [SPAN, {**SPAN, "groups": True}],
    "energy_by": [{"group": group, **SPAN} for group in ("user", "account", "partition", "qos")],
    "energy_summary": [SPAN],
    "energy_series": [{**SPAN, "split": split} for split in ("kind", "component", "user", "account", "partition")],
    "node": [{"name": "n1"}, {"name": "n2"}],
    **{name: [{}] for name in ("cluster_now", "outlook", "public", "own_use", "usual_use", "status", "job_names")},
}
BOBS = ("bob", "train", "chem", "gpu-of-bob", 102, 7200.0, 5400.0, 1.08)
"""Words and figures that only Bob's job has."""


def flat(answer: Any) -> list[Any]:
    if dataclasses.is_dataclass(answer):
        return [leaf for field in dataclasses.fields(answer) for leaf in flat(getattr(answer, field.name))]
    if isinstance(answer, dict):
        return [leaf for value in answer.values() for leaf in flat(value)]
    if isinstance(answer, tuple | list):
        return [leaf for value in answer for leaf in flat(value)]
    return [answer]


def test_every_method_is_asked() -> None:
    assert set(CALLS) == set(METHODS)


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_the_viewer_comes_first_and_has_no_default(method: Callable[..., Any]) -> None:
    first = list(inspect.signature(method).parameters.values())[1]
    assert (first.name, first.annotation, first.default) == ("viewer", Viewer, inspect.Parameter.empty)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("viewer", [Viewer("alice"), Viewer("mallory"), Viewer("")], ids=lambda viewer: viewer.user)
def test_nothing_of_bob_shows_to_others(filled: Book, queries: Queries, name: str, viewer: Viewer) -> None:
    filled.job(8, "", 1, 2, name="train")  # a job without a known user belongs to nobody who asks
    filled.booking(8, "n1", 1, {"cpu_static_j": 7200.0})
    for arguments in CALLS[name]:
        hers = viewer.user == "alice" and arguments.get("job_id") == 101
        own = {7200.0} if hers else set()  # 3600 J on n1 in each of two windows
        leaves = [leaf for leaf in flat(getattr(queries, name)(viewer, **arguments)) if leaf not in own]
        assert [leaf for leaf in leaves if leaf in BOBS] == []


@pytest.mark.parametrize("name", ["jobs", "job", "job_attempts", "job_names", "energy_by", "energy_summary"])
@pytest.mark.parametrize("viewer", [ADMIN, Viewer("bob")], ids=["admin", "bob"])
def test_bob_and_the_admin_do_see_it(filled: Book, queries: Queries, name: str, viewer: Viewer) -> None:
    """The other way round: the figures looked for above are really in the answers."""
    leaves = [leaf for arguments in CALLS[name] for leaf in flat(getattr(queries, name)(viewer, **arguments))]
    assert [leaf for leaf in leaves if leaf in BOBS]


def test_a_total_counts_only_what_the_viewer_sees(filled: Book, queries: Queries) -> None:
    page = queries.jobs(Viewer("bob"), JobFilter(), "start_ms", True, 0, 10)
    assert (page.total, len(page.rows)) == (1, 1)
