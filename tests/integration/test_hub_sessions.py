"""A real JupyterHub on the mini cluster: who signs in sees what is theirs; a session from its start to its end."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from minicluster_fixture import require_machine, start_minicluster, stop_minicluster
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from deploy.minicluster.client import MiniCluster, connect
from deploy.minicluster.waiting import wait_until

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium-headless-shell"))
SHOTS = os.environ.get("MAXWATT_SCREENSHOTS", "")
PATIENCE_MS = 60_000
SERIOUS = {"serious", "critical"}

pytestmark = [
    pytest.mark.integration,
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists() and not os.environ.get("CI"), reason="no Chromium here"),
]


@dataclass(frozen=True)
class Hub:
    """The hub of a cluster, and a browser for its people."""

    cluster: MiniCluster
    browser: Browser

    @property
    def about(self) -> dict[str, Any]:
        return self.cluster.description["hub"]  # type: ignore[no-any-return]

    @property
    def service(self) -> str:
        return str(self.about["service_url"])

    def password(self, user: str) -> str:
        kind = "admin" if user in self.about["admins"] else "user"
        return Path(self.about["password_files"][kind]).read_text().strip()

    def sign_in(self, user: str, path: str = "sessions") -> Page:
        """A page of somebody who asked for `path` and then signed in."""
        page = self.browser.new_context(viewport={"width": 1400, "height": 900}).new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.goto(self.service + path)
        page.fill("#username_input", user)
        page.fill("#password_input", self.password(user))
        page.click("#login_submit")
        page.wait_for_url(f"{self.service}{path}")
        return page

    def token(self, user: str) -> str:
        """A token with all that a user may do at the hub."""
        auth = {"auth": {"username": user, "password": self.password(user)}}
        return str(self.ask("POST", f"/users/{user}/tokens", body=auth)[1]["token"])

    def ask(self, method: str, path: str, token: str = "", body: Any = None) -> tuple[int, Any]:
        headers = {"Authorization": f"token {token}"} if token else {}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.about['url']}/hub/api{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"null")


@pytest.fixture(scope="module")
def cluster() -> Iterator[MiniCluster]:
    require_machine(with_hub=True)
    folder = Path(tempfile.mkdtemp(prefix="minicluster-"))
    folder.chmod(0o755)
    tie: subprocess.Popen[str] = start_minicluster(folder, "--hub")
    try:
        yield connect(folder)
    finally:
        stop_minicluster(folder)
        assert tie.stdin is not None
        tie.stdin.close()
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def hub(cluster: MiniCluster) -> Iterator[Hub]:
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        yield Hub(cluster, browser)
        browser.close()


@pytest.fixture(scope="module")
def alice(hub: Hub) -> Page:
    return hub.sign_in("alice")


@pytest.fixture(scope="module")
def session(hub: Hub, alice: Page) -> int:
    """The job of a session that Alice started from the page, once it runs and the page knows its job."""
    alice.get_by_role("button", name="Start JupyterLab", exact=True).click()
    expect(alice.get_by_role("link", name="Open JupyterLab")).to_be_visible()
    expect(alice.get_by_role("button", name="Start JupyterLab", exact=True)).to_be_disabled()
    job = alice.locator(".mw-sessions a[href*='/job/']")
    expect(job).to_be_visible()
    return int(job.inner_text())


def shoot(page: Page, name: str) -> None:
    if SHOTS:
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


def serious_faults(page: Page) -> list[str]:
    """What axe-core finds on the page as it stands, wide and light, narrow and dark."""
    found: list[str] = []
    for width, scheme in ((1400, "light"), (390, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.wait_for_timeout(400)  # the page follows
        violations = Axe().run(page).response["violations"]
        found += [f"{width} {one['id']}: {one['nodes'][0]['html']}" for one in violations if one["impact"] in SERIOUS]
        shoot(page, f"session-axe-{width}")
    return found


def users_of_jobs(context: BrowserContext, hub: Hub) -> set[str]:
    rows = context.request.get(f"{hub.service}api/v1/jobs").json()["rows"]
    return {row["user"] for row in rows}


def test_the_menu_of_the_hub_leads_here(hub: Hub) -> None:
    page = hub.sign_in("bob", "energy?range=24h")  # a deep link survives the sign-in
    page.goto(f"{hub.about['url']}/hub/home")
    page.get_by_role("button", name="Services").click()
    page.get_by_role("link", name="maxwatt").click()
    page.wait_for_url(hub.service)
    page.context.close()


def test_a_session_is_a_job_of_its_owner(hub: Hub, alice: Page, session: int) -> None:
    (row,) = hub.cluster.sacct("-X", "-j", str(session), "-o", "User,JobName,Partition,AllocCPUS")
    assert row == {"User": "alice", "JobName": "jupyter-lab", "Partition": "shared", "AllocCPUS": "2"}
    card = alice.locator(".mw-sessions .mw-card")
    expect(card).to_contain_text(re.compile(r"Power now\s*[\d.,]+ W"))
    shoot(alice, "sessions-wide")


def test_it_opens(alice: Page, session: int) -> None:
    with alice.expect_popup() as opened:
        alice.get_by_role("link", name="Open JupyterLab").click()
    lab = opened.value
    lab.wait_for_url(re.compile("/user/alice/lab/lab"))
    expect(lab).to_have_title(re.compile("JupyterLab"))
    lab.close()


def test_its_job_knows_the_session_and_says_what_it_draws(hub: Hub, alice: Page, session: int) -> None:
    page = alice.context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{hub.service}job/{session}")
    note = page.locator(".mw-session-note")
    expect(note).to_contain_text("Session JupyterLab")
    expect(note.get_by_role("link", name="Open")).to_have_attribute("href", "/user/alice/lab/")
    expect(page.locator("#job-head")).to_contain_text("jupyter-lab")
    shoot(page, "session-job-wide")
    page.close()


@pytest.mark.parametrize("user", ["bob", "carol"])
def test_others_see_neither_session_nor_job(hub: Hub, session: int, user: str) -> None:
    own = hub.cluster.sbatch(user, "-p", "shared", "-n1", "--wrap", "sleep 90")
    page = hub.sign_in(user)
    expect(page.get_by_role("heading", name="No session runs")).to_be_visible()
    wait_until(f"the job {own} of {user}", lambda: users_of_jobs(page.context, hub) == {user}, 30, 0.5)
    page.goto(f"{hub.service}job/{session}")
    expect(page.get_by_role("heading", name="There is no such job")).to_be_visible()
    assert page.context.request.get(f"{hub.service}api/v1/jobs/{session}").status == 404
    page.context.close()


def test_each_sees_exactly_what_they_may(hub: Hub, alice: Page, session: int) -> None:
    dana = hub.sign_in("dana", "cluster")
    expect(dana.get_by_role("heading", name="Cluster", level=1)).to_be_visible()
    everybody = {"alice", "bob", "carol"}
    wait_until("everybody's jobs are there", lambda: users_of_jobs(dana.context, hub) == everybody, 30, 0.5)
    dana.goto(f"{hub.service}job/{session}")
    expect(dana.locator("#job-head")).to_contain_text("alice")
    shoot(dana, "session-job-of-another-wide")
    dana.context.close()
    assert users_of_jobs(alice.context, hub) == {"alice"}
    page = alice.context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{hub.service}cluster")
    expect(page.get_by_role("heading", name="Not for everybody")).to_be_visible()
    page.goto(f"{hub.service}jobs?user=bob&fold=none")
    expect(page.get_by_role("heading", name="No job matches")).to_be_visible()
    assert alice.context.request.get(f"{hub.service}api/v1/cluster").status in {403, 404}
    page.close()


def forge_stop(context: BrowserContext, hub: Hub, owner: str, name: str) -> Any:
    """The request that stops a session, with whatever owner and name."""
    known = context.request.get(f"{hub.service}_dash-dependencies").json()
    found = next(one for one in known if [i["id"] for i in one["inputs"]] == ["sessions-yes"])
    outputs = [
        {"id": part.rpartition(".")[0], "property": part.rpartition(".")[2]}
        for part in found["output"].strip(".").split("...")
    ]
    body = {
        "output": found["output"],
        "outputs": outputs,
        "inputs": [{"id": "sessions-yes", "property": "n_clicks", "value": 1}],
        "state": [{"id": "sessions-target", "property": "data", "value": {"owner": owner, "name": name}}],
        "changedPropIds": ["sessions-yes.n_clicks"],
    }
    return context.request.post(f"{hub.service}_dash-update-component", data=body)


def test_nobody_stops_what_is_not_theirs(hub: Hub, session: int) -> None:
    page = hub.sign_in("bob")
    answer = forge_stop(page.context, hub, "alice", "lab")
    assert "That did not work" in answer.text()
    page.context.close()
    assert hub.cluster.job_state(session) == "RUNNING"


def test_a_forged_session_does_nothing(hub: Hub, alice: Page, session: int) -> None:
    page = hub.sign_in("bob")
    known = page.context.request.get(f"{hub.service}_dash-dependencies")
    assert known.status == 200
    for cookie in page.context.cookies():
        if cookie["name"].startswith("maxwatt_"):
            page.context.add_cookies([{**cookie, "value": cookie["value"][:-4] + "AAAA"}])
    refused = page.context.request.post(f"{hub.service}_dash-update-component", data={}, max_redirects=0)
    assert refused.status in {401, 403}
    elsewhere = alice.context.request.post(
        f"{hub.service}_dash-update-component", data={}, headers={"Origin": "https://elsewhere.example"}
    )
    assert elsewhere.status == 403
    page.context.close()
    assert hub.cluster.job_state(session) == "RUNNING"


def test_the_hub_takes_only_known_options_and_only_a_port(hub: Hub) -> None:
    token = hub.token("carol")
    options = {"user_options": {"epilogue": "id"}}
    assert hub.ask("POST", "/users/carol/servers/x", token, options)[0] == 400
    newline = {"user_options": {"partition": "shared\n#SBATCH --begin=now+1hour"}}
    assert hub.ask("POST", "/users/carol/servers/x", token, newline)[0] == 400
    assert hub.ask("POST", "/batchspawner", token, {"exec_prefix": "id;"})[0] == 400
    status, refused = hub.ask("POST", "/users/carol/servers/x", token, {"user_options": {"partition": "nowhere"}})
    assert (status, "invalid partition" in refused["message"].lower()) == (400, True)
    assert hub.ask("DELETE", "/users/alice/servers/lab", token)[0] in {403, 404}


def test_a_session_that_nobody_works_in_says_what_it_drew(alice: Page, session: int) -> None:
    def told() -> bool:
        alice.reload()
        alice.get_by_role("heading", name="Running", exact=True).wait_for()
        return alice.locator(".mw-idle").count() > 0

    wait_until("nobody has worked for a while", told, 150, 5)
    idle = alice.locator(".mw-idle")
    expect(idle).to_contain_text(re.compile(r"Idle for 00:0\d:\d\d\. Since the last activity its job drew [\d.]+ m?Wh"))
    expect(idle).to_contain_text("Provisional")
    assert serious_faults(alice) == []
    shoot(alice, "session-idle-wide")


def test_an_administrator_sees_it_and_stops_it_after_a_question(hub: Hub, alice: Page, session: int) -> None:
    page = hub.sign_in("dana")
    expect(page.get_by_role("heading", name="JupyterLab of alice")).to_be_visible()
    page.get_by_role("button", name="Stop JupyterLab of alice").click()
    expect(page.locator("#sessions-words")).to_contain_text("alice")
    shoot(page, "session-stop-wide")
    assert serious_faults(page) == []
    page.get_by_role("button", name="Keep it").click()
    expect(page.locator("#sessions-words")).to_be_hidden()
    assert hub.cluster.job_state(session) == "RUNNING"
    page.get_by_role("button", name="Stop JupyterLab of alice").click()
    page.get_by_role("button", name="Stop it").click()
    expect(page.locator("#sessions-message")).to_contain_text("Stopped.")
    hub.cluster.wait_job(session, "CANCELLED", "COMPLETED", limit_s=30)
    page.context.close()
    alice.reload()
    expect(alice.get_by_role("heading", name="No session runs")).to_be_visible()
