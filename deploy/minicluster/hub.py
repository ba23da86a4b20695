"""JupyterHub on the mini cluster: its files, and its command line. What the hub is, deploy/jupyterhub says."""

import secrets
import shutil
import sys
import urllib.request
from pathlib import Path
from typing import Any, Final

from deploy.minicluster.plan import ADMINS, USERS, Plan
from deploy.minicluster.requirements import SEARCH_PATH
from deploy.minicluster.services import SOURCE_ROOT, Service

INSTALLED: Final = SOURCE_ROOT / ".hub"
"""Virtual environment with JupyterHub, batchspawner and JupyterLab, made by `./dev`."""

CONFIG: Final = SOURCE_ROOT / "deploy" / "jupyterhub" / "jupyterhub_config.py"

PASSWORDS: Final = ("user", "admin")


def missing() -> list[str]:
    """A sentence for each part of the hub that is not installed."""
    faults = []
    if not (INSTALLED / "bin" / "jupyterhub-singleuser").exists():
        faults.append(f"JupyterHub is not installed in {INSTALLED}: ./dev minicluster up --hub")
    if not shutil.which("configurable-http-proxy", path=SEARCH_PATH):
        faults.append("not installed: configurable-http-proxy; apt-get install node-configurable-http-proxy")
    return faults


def folder(plan: Plan) -> Path:
    """The hub's own folder."""
    return plan.folder / "hub"


def seen_at(plan: Plan) -> Path:
    """Where the environment is seen inside of the cluster: users may not be able to enter the folder it stands in."""
    return plan.folder / "hubenv"


def url(plan: Plan) -> str:
    """Where people come in."""
    return f"http://127.0.0.1:{plan.ports['hub']}"


def prepare(plan: Plan) -> None:
    """Make the passwords of users and of administrators, in a folder that is the hub's alone."""
    folder(plan).chmod(0o700)
    for who in PASSWORDS:
        path = folder(plan) / f"{who}.password"
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(24) + "\n")  # the hub takes no shorter one for administrators


def answers(plan: Plan) -> bool:
    """Whether the hub and maxwatt behind it answer."""
    try:
        with urllib.request.urlopen(f"{url(plan)}/hub/api/", timeout=2):
            pass
        with urllib.request.urlopen(f"http://127.0.0.1:{plan.ports['maxwatt']}/health", timeout=2):
            return True
    except OSError:
        return False


def describe(plan: Plan) -> dict[str, Any]:
    """What cluster.json says of the hub."""
    return {
        "url": url(plan),
        "service_url": f"{url(plan)}/services/maxwatt/",
        "users": [user for user in USERS if user not in ADMINS],
        "admins": list(ADMINS),
        "password_files": {who: str(folder(plan) / f"{who}.password") for who in PASSWORDS},
    }


def jupyterhub(plan: Plan) -> Service:
    """The hub, which starts its proxy and maxwatt."""
    python = str(seen_at(plan) / "bin" / "python")
    return Service("jupyterhub", (python, "-m", "jupyterhub", f"--config={CONFIG}"), environment=_environment(plan))


def _environment(plan: Plan) -> dict[str, str]:
    return {
        "HUB_STATE": str(folder(plan)),
        "HUB_BIN": str(seen_at(plan) / "bin"),
        "HUB_URL": url(plan),
        "HUB_INTERNAL_PORT": str(plan.ports["hub_internal"]),
        "HUB_PROXY_API_PORT": str(plan.ports["hub_proxy"]),
        "HUB_USERS": ",".join(USERS),
        "HUB_ADMINS": ",".join(ADMINS),
        "HUB_PARTITION": "shared",
        "HUB_JOB_LOGS": str(plan.folder / "jobs"),
        "MAXWATT_URL": f"http://127.0.0.1:{plan.ports['maxwatt']}",
        "MAXWATT_COMMAND": f"{sys.executable} -m maxwatt serve --config {plan.folder / 'maxwatt.toml'}",
        "NODE_PATH": "/usr/share/nodejs",  # where Debian's packages are, for a node that is not Debian's
    }
