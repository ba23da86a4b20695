"""The navigation is read off the page modules: names, addresses, who they are for."""

from types import SimpleNamespace

from asking import call, text_of, walk
from flask import Flask
from stand_in import StandIn

from dash_app.factory import PAGES, create_app
from dash_app.header import header
from dash_app.language import COOKIE
from dash_app.navigation import MAIN, USER, Entry, entries, marked_path, place_of
from dash_app.pages import energy, job, jobs
from maxwatt.config import Settings
from maxwatt.domain.viewer import ADMIN, Viewer

TOKENS = SimpleNamespace(NAME="Tokens", PATHS=("/tokens",), PLACE=USER)
HUB = SimpleNamespace(NAME="Sessions", PATHS=("/sessions",), shown_to=lambda viewer, settings: viewer.user == "ada")


def test_pages_stand_where_they_say() -> None:
    pages = (jobs, TOKENS, job)
    assert entries(pages, ADMIN, Settings()) == (Entry("Jobs", jobs.PATHS[0]),)
    assert entries(pages, ADMIN, Settings(), USER) == (Entry("Tokens", "/tokens"),)


def test_pages_that_are_not_for_somebody_are_not_offered() -> None:
    assert [entry.name for entry in entries((HUB, energy), Viewer("ada"), Settings())] == ["Sessions", "Energy"]
    assert [entry.name for entry in entries((HUB, energy), Viewer("eve"), Settings())] == ["Energy"]
    assert "Data quality" not in {entry.name for entry in entries(PAGES, Viewer("ada"), Settings())}
    assert "Data quality" in {entry.name for entry in entries(PAGES, ADMIN, Settings())}


def test_a_job_is_marked_under_the_jobs() -> None:
    assert (marked_path(job), marked_path(energy), marked_path(None)) == ("/jobs", "/energy", "")


def test_every_place_is_one_that_exists() -> None:
    paths = {page.PATHS[0] for page in PAGES}
    assert all(place_of(page) in {MAIN, USER} | paths for page in PAGES)


def test_the_bar_names_who_is_signed_in_and_keeps_the_prefix() -> None:
    status = StandIn().status(ADMIN)
    with Flask("x").test_request_context(base_url="http://x/services/maxwatt", path="/"):
        shown = header(status, "ada", [Entry("Energy", "/energy")], [Entry("Tokens", "/tokens")])
    assert "ada" in text_of(shown)
    assert {"/services/maxwatt/energy", "/services/maxwatt/tokens"} <= {
        getattr(one, "href", None) for one in walk(shown)
    }
    assert "Administrator" in text_of(header(status, "", [], []))


def test_the_first_page_says_its_language() -> None:
    client = create_app(StandIn(), Settings(), "token").server.test_client()
    client.get("/?token=token")
    assert '<html lang="en">' in client.get("/").get_data(as_text=True)
    assert '<html lang="de">' in client.get("/", headers={"Accept-Language": "de-CH"}).get_data(as_text=True)
    client.set_cookie(COOKIE, "en")
    assert '<html lang="en">' in client.get("/", headers={"Accept-Language": "de"}).get_data(as_text=True)


def test_an_arrival_says_what_to_mark() -> None:
    client = create_app(StandIn(), Settings(), "token").server.test_client()
    client.get("/?token=token")
    answer = call(client, "page.children", {"url.pathname": "/job/9001", "url.search": ""})["response"]
    assert answer["arrival"]["data"] == {"title": "Job 9001 · maxwatt", "here": "/jobs"}
