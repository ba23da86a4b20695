"""Who gets what: every route, page, callback and resource, walked from the app's own registries, for every role.

A new one without a rule fails. Answers are looked at, not only their statuses: of somebody whose jobs one may not see
no name, number or figure is in any.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from flask.testing import FlaskClient
from werkzeug.routing import Rule as Route
from werkzeug.test import TestResponse

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "fixtures" / "authorisation"))
sys.path.insert(0, str(HERE.parent / "unit" / "queries"))

from callbacks import send, server_callbacks  # noqa: E402
from roles import PERSONS, REFUSED, ROLES, Role  # noqa: E402
from rules import CALLBACKS, PAGES, RESOURCES, ROUTES, Rule  # noqa: E402
from two_owners import NOBODYS_JOB, OWNERS, QUIRINA, Owner, Site, make_site  # noqa: E402

from aggregator.queries.energy_models import Grouping  # noqa: E402
from dash_app.api.catalogue import RESOURCES as CATALOGUE  # noqa: E402
from dash_app.components.job_downloads import FILES  # noqa: E402
from dash_app.factory import pages_of  # noqa: E402
from maxwatt.config import Settings  # noqa: E402

API = "/api/v1"
ALL_J = sum(owner.energy_j for owner in OWNERS)
BROKEN = ("This page could not be read", "Something went wrong")
"""What is shown in place of what failed: nothing here may."""
MAY_BE_MISSING = {"job_gpus"}
"""Not every job has it, also for its owner."""
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = make_site(tmp_path_factory.mktemp("site"))
    yield site
    site.ledger.close()


@pytest.fixture(scope="module")
def client(site: Site) -> FlaskClient:
    return site.app.server.test_client()


@pytest.fixture(scope="module")
def callbacks(site: Site, client: FlaskClient) -> dict[str, list[dict[str, Any]]]:
    root = next(role for role in PERSONS if role.sees_all)
    return server_callbacks(client.get("/_dash-dependencies", headers=root.headers(site.tokens)).get_json())


def routes(site: Site) -> dict[str, Route]:
    """Every route but those of the API's resources."""
    own = {API + one.path.replace("{", "<").replace("}", ">") for one in CATALOGUE}
    return {rule.rule: rule for rule in site.app.server.url_map.iter_rules() if rule.rule not in own}


def paths(rule: str, job_id: int, start_ms: int) -> list[str]:
    """Addresses that a route stands for, with this job where it names one."""
    filled = rule.replace("<int:job_id>", str(job_id)).replace("<int:start_ms>", str(start_ms))
    filled = filled.replace("<string:package_name>", "dash").replace("<path:fingerprinted_path>", "x.js")
    filled = filled.replace("<path:filename>", "maxwatt.css").replace("<path:path>", f"job/{job_id}")
    return [filled.replace("<name>", name) for name, _, _ in FILES] if "<name>" in filled else [filled]


def resource_paths(name: str, owner: Owner, start_ms: int) -> list[str]:
    """Addresses of a resource of the API."""
    path = next(one.path for one in CATALOGUE if one.name == name)
    path = path.replace("{job_id}", str(owner.job_id)).replace("{node}", owner.node)
    groups = get_args(Grouping) if "{grouping}" in path else ("",)
    every = [API + path.replace("{grouping}", group) for group in groups]
    return [f"{one}?start_ms={start_ms}" for one in every] + every if RESOURCES[name] is Rule.OWN else every


def says(text: str, word: str) -> bool:
    """Whether a word stands in a text, and not only as a part of a longer number, as of when a file was changed."""
    return re.search(rf"(?<!\d){re.escape(word)}(?!\d)", text) is not None


def assert_no_trace(answer: TestResponse, role: Role, *said: object) -> None:
    """Nothing of anybody whom the role may not see; what the request itself said may be repeated."""
    text = answer.get_data().decode("utf-8", "replace")
    for owner in OWNERS:
        if owner not in role.sees:
            words = {*owner.words, str(owner.job_id)} - {*map(str, said)}
            found = [word for word in words if says(text, word)]
            assert not found, (role.name, answer.request.path, answer.status_code, found)
    assert not [word for word in ("Traceback", *BROKEN) if word in text], (role.name, answer.request.path)


def assert_refused(answer: TestResponse, role: Role) -> None:
    assert answer.status_code in {401, 403}, (role.name, answer.request.method, answer.request.path)
    assert_no_trace(answer, role, *(owner.job_id for owner in OWNERS))


# --- nothing without a rule


def test_every_route_has_a_rule(site: Site) -> None:
    assert set(routes(site)) == set(ROUTES)


def test_every_resource_has_a_rule() -> None:
    assert {one.name for one in CATALOGUE} == set(RESOURCES)
    assert {one.name for one in CATALOGUE if one.for_all} == {name for name in RESOURCES if RESOURCES[name] is Rule.ALL}


def test_every_page_has_a_rule(site: Site) -> None:
    pages = pages_of(site.ledger.identities, Settings())
    assert {path for page in pages for path in page.PATHS} == set(PAGES)


def test_every_callback_has_a_rule(callbacks: dict[str, list[dict[str, Any]]]) -> None:
    assert set(callbacks) == set(CALLBACKS)


# --- routes


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_routes(site: Site, client: FlaskClient, role: Role) -> None:
    headers = role.headers(site.tokens)
    for rule, route in routes(site).items():
        for owner in OWNERS if ROUTES[rule] is Rule.OWN else OWNERS[:1]:
            for path in paths(rule, owner.job_id, site.start_ms):
                for method in sorted((route.methods or set()) & {"GET", "HEAD", *UNSAFE}):
                    answer = client.open(path, method=method, headers=headers)
                    if ROUTES[rule] is Rule.OPEN:
                        assert answer.status_code < 400 or answer.status_code == 404, (path, answer.status_code)
                        assert_no_trace(answer, Role("nobody"))
                    elif not role.enters(path):
                        assert_refused(answer, role)
                    else:
                        assert answer.status_code < 500, path
                        assert_no_trace(answer, role, owner.job_id)
                        if ROUTES[rule] is Rule.OWN:
                            assert answer.status_code == (200 if owner in role.sees else 404), (role.name, path)


@pytest.mark.parametrize("method", UNSAFE)
@pytest.mark.parametrize("role", PERSONS, ids=lambda role: role.name)
def test_nothing_is_changed_by_a_page_of_another_site(site: Site, client: FlaskClient, role: Role, method: str) -> None:
    for elsewhere in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        headers = {**role.headers(site.tokens), **elsewhere}
        for rule in ROUTES.keys() & routes(site).keys():
            if ROUTES[rule] is Rule.OPEN and rule != "/logout":
                continue
            for path in paths(rule, QUIRINA.job_id, site.start_ms)[:1]:
                assert client.open(path, method=method, headers=headers).status_code == 403, (method, path)


# --- the API


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
@pytest.mark.parametrize("name", RESOURCES)
def test_resources(site: Site, client: FlaskClient, name: str, role: Role) -> None:
    headers = role.headers(site.tokens)
    for owner in OWNERS:
        for path in resource_paths(name, owner, site.start_ms):
            answer = client.get(path, headers=headers)
            if not role.known:
                assert_refused(answer, role)
                assert answer.status_code == 401
                continue
            assert_no_trace(answer, role, owner.job_id, owner.node)
            expected = {Rule.KNOWN: True, Rule.OWN: owner in role.sees, Rule.ALL: role.sees_all}[RESOURCES[name]]
            if name not in MAY_BE_MISSING and "attempts?" not in path:
                assert (answer.status_code == 200) == expected, (role.name, path, answer.status_code)
            if RESOURCES[name] is Rule.OWN and not expected:
                missing = client.get(path.replace(str(owner.job_id), str(NOBODYS_JOB)), headers=headers)
                assert (answer.status_code, answer.data) == (missing.status_code, missing.data)


def test_the_table_of_jobs_holds_exactly_what_one_may_see(site: Site, client: FlaskClient) -> None:
    for role in (*PERSONS, *(role for role in ROLES if role.token and role.known)):
        answer = client.get(f"{API}/jobs", headers=role.headers(site.tokens)).get_data(as_text=True)
        for owner in OWNERS:
            assert (str(owner.job_id) in answer) == (owner in role.sees), (role.name, owner.user)


def test_a_filter_cannot_ask_for_what_one_may_not_see(site: Site, client: FlaskClient) -> None:
    for role in PERSONS:
        for owner in OWNERS:
            for query in (f"user={owner.user}", f"account={owner.account}", f"text=secret-run-{owner.ref}"):
                answer = client.get(f"{API}/jobs?{query}", headers=role.headers(site.tokens))
                assert_no_trace(answer, role, owner.user, owner.account)
                assert (str(owner.job_id) in answer.get_data(as_text=True)) <= (owner in role.sees)


def test_sums_are_those_of_what_one_may_see(site: Site, client: FlaskClient) -> None:
    for role in (*PERSONS, *(role for role in ROLES if role.token and role.known)):
        answer = client.get(f"{API}/energy/by/user", headers=role.headers(site.tokens)).get_json()
        summed_j = sum(row["energy_j"] for row in answer["rows"] if row["energy_j"])
        assert summed_j == sum(owner.energy_j for owner in role.sees), role.name
        summary = client.get(f"{API}/energy/summary", headers=role.headers(site.tokens)).get_data(as_text=True)
        assert (f"{summed_j:.0f}" in summary) and (role.sees_all or f"{ALL_J:.0f}" not in summary), role.name


def test_a_token_that_is_refused_is_not_helped_by_a_session(site: Site, client: FlaskClient) -> None:
    root = next(role for role in PERSONS if role.sees_all)
    for role in REFUSED[1:]:
        headers = {**root.headers(site.tokens), **role.headers(site.tokens)}
        assert client.get(f"{API}/me", headers=headers).status_code == 401


# --- pages and callbacks


def values_for(site: Site, owner: Owner, path: str = "/jobs") -> dict[str, Any]:
    """What somebody could send who asks for this owner's job, or for the token of somebody else."""
    start_ms, hers = site.start_ms, site.ledger.identities.tokens("grace")[0].token_id
    return {
        "url.pathname": path,
        "url.search": f"?start={start_ms}" if path.startswith("/job/") else f"?user={owner.user}",
        "job-key.data": {"job_id": owner.job_id, "start_ms": start_ms},
        "job-waits.data": owner.job_id,
        "job-node.value": owner.node,
        "jobs-grid.getRowsRequest": {"startRow": 0, "endRow": 100, "sortModel": [], "filterModel": {}},
        "jobs-search.data": "",
        "jobs-start.data": 1,
        "cluster-node.data": {"name": owner.node},
        "cluster-range.value": "24h",
        "energy-range.value": "24h",
        "energy-group.value": "user",
        "tokens-name.value": "mine",
        "tokens-days.value": 1,
        "tokens-all.checked": True,
        "tokens-revoke.token": hers,
        "sessions-target.data": {"owner": owner.user, "name": ""},
        "sessions-yes.n_clicks": 1,
        "session-stop.owner": owner.user,
        "session-start.name": "lab",
    }


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
@pytest.mark.parametrize("path", PAGES)
def test_pages(
    site: Site, client: FlaskClient, callbacks: dict[str, list[dict[str, Any]]], path: str, role: Role
) -> None:
    headers = role.headers(site.tokens)
    for owner in OWNERS:
        values = values_for(site, owner, f"{path}{owner.job_id}" if PAGES[path] is Rule.OWN else path)
        answer = send(client, callbacks["page.children"][0], values, headers)
        if not role.enters("/_dash-update-component"):
            assert_refused(answer, role)
            continue
        assert answer.status_code == 200, (role.name, path)
        assert_no_trace(answer, role, owner.job_id, owner.user, owner.node)
        shown = f"secret-run-{owner.ref}" in answer.get_data(as_text=True)
        if PAGES[path] is Rule.OWN:
            assert shown == (owner in role.sees), (role.name, path)


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
@pytest.mark.parametrize("name", CALLBACKS)
def test_callbacks(
    site: Site, client: FlaskClient, callbacks: dict[str, list[dict[str, Any]]], name: str, role: Role
) -> None:
    headers = role.headers(site.tokens)
    for dependency in callbacks[name]:
        for owner in OWNERS:
            answer = send(client, dependency, values_for(site, owner), headers)
            if not role.enters("/_dash-update-component"):
                assert_refused(answer, role)
                continue
            assert answer.status_code < 500, (role.name, name)
            assert_no_trace(answer, role, owner.job_id, owner.user, owner.node)
            if CALLBACKS[name] is Rule.OWN and owner in role.sees:
                traces = [word for word in (*owner.words, str(owner.job_id)) if word in answer.get_data(as_text=True)]
                assert traces, (role.name, name)


def test_the_layout_names_only_who_asks(site: Site, client: FlaskClient) -> None:
    for role in PERSONS:
        answer = client.get("/_dash-layout", headers=role.headers(site.tokens))
        assert_no_trace(answer, role)
        assert role.user in answer.get_data(as_text=True)


def test_nobody_revokes_the_tokens_of_others(site: Site) -> None:
    """The matrix has tried it with that of Grace in every role."""
    assert [token.name for token in site.ledger.identities.tokens("grace")] == ["hers"]


def test_only_who_sees_all_makes_tokens_that_show_all(site: Site) -> None:
    """The matrix has asked for one in every role."""
    made = [token for token in site.ledger.identities.tokens(None) if token.name == "mine"]
    assert {token.user for token in made} == {role.user for role in PERSONS}
    assert {token.user for token in made if token.sees_all} == {"root"}
