"""A JupyterHub on Slurm: every server is a batch job of the Unix user, maxwatt is in its menu.

The mini cluster runs this file as it is. What another site changes is read from the environment at the top; what it
copies into its own hub is `maxwatt_service.py`. See docs/jupyterhub.md.
"""

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from batchspawner import SlurmSpawner
from batchspawner.api import BatchSpawnerAPIHandler
from jupyterhub.apihandlers import default_handlers
from tornado import web

c = get_config()  # noqa: F821  JupyterHub gives it to this file

STATE = Path(os.environ["HUB_STATE"])  # a folder of the hub's own: database, cookie secret, passwords
BIN = Path(os.environ["HUB_BIN"])  # programs of the environment that jobs run too; users must be able to enter it
URL = os.environ["HUB_URL"]  # where people come in, such as http://127.0.0.1:8000
INTERNAL_PORT = int(os.environ["HUB_INTERNAL_PORT"])  # the hub, behind its proxy
PROXY_API_PORT = int(os.environ["HUB_PROXY_API_PORT"])  # where the hub tells the proxy its routes
USERS = set(os.environ["HUB_USERS"].split(","))
ADMINS = set(os.environ["HUB_ADMINS"].split(","))
PARTITION = os.environ["HUB_PARTITION"]  # of servers that do not ask for another
LOGS = os.environ.get("HUB_JOB_LOGS", "{{homedir}}")  # where a server's job writes its output

# --- addresses; everything listens on loopback
c.JupyterHub.bind_url = URL
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{INTERNAL_PORT}"
c.ConfigurableHTTPProxy.command = ["configurable-http-proxy"]
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{PROXY_API_PORT}"
c.ConfigurableHTTPProxy.pid_file = str(STATE / "proxy.pid")
c.JupyterHub.cookie_secret_file = str(STATE / "cookie_secret")
c.JupyterHub.db_url = f"sqlite:///{STATE / 'hub.sqlite'}"

# --- people; a site puts its own authenticator here (PAM, LDAP, OIDC, …): names must be those of Unix and Slurm
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = (STATE / "user.password").read_text().strip()
c.SharedPasswordAuthenticator.admin_password = (STATE / "admin.password").read_text().strip()
c.Authenticator.allowed_users = USERS
c.Authenticator.admin_users = ADMINS


# --- servers: one job each, several a user
class TellingSpawner(SlurmSpawner):
    """Tells who starts a server what Slurm says against it."""

    async def submit_batch_script(self) -> str:
        """Submit the job. Returns its id.

        Raises:
            HTTPError: 400, Slurm refuses it.
        """
        try:
            return await super().submit_batch_script()
        except RuntimeError as error:
            raise web.HTTPError(400, f"Slurm refuses the job: {error}".replace("%", "%%")) from error


c.JupyterHub.spawner_class = TellingSpawner
c.JupyterHub.allow_named_servers = True
c.JupyterHub.named_server_limit_per_user = 5
c.JupyterHub.implicit_spawn_seconds = 0
c.JupyterHub.tornado_settings = {"slow_spawn_timeout": 3, "slow_stop_timeout": 3}  # who starts one is answered then
c.Spawner.start_timeout = 120
c.Spawner.http_timeout = 60
c.Spawner.poll_interval = 5
c.Spawner.default_url = "/lab"
c.Spawner.notebook_dir = "~"
c.Spawner.cmd = [str(BIN / "jupyterhub-singleuser")]
c.Spawner.environment = {name: os.environ[name] for name in ("SLURM_CONF",) if name in os.environ}
c.SlurmSpawner.batchspawner_singleuser_cmd = f"{BIN / 'python'} -m batchspawner.singleuser"
c.SlurmSpawner.exec_prefix = "/usr/sbin/runuser -u {username} --"  # Slurm's commands run as the user; the hub is root
c.SlurmSpawner.req_keepvars_extra = "SLURM_CONF"
c.SlurmSpawner.req_partition = PARTITION
c.SlurmSpawner.req_runtime = "1:00:00"
c.SlurmSpawner.req_memory = "2G"
c.SlurmSpawner.req_nprocs = "1"
c.SlurmSpawner.batch_script = f"""#!/bin/bash
#SBATCH --job-name=jupyter{{% if application %}}-{{{{application}}}}{{% endif %}}
#SBATCH --output={LOGS}/jupyter-%j.log
#SBATCH --chdir={{{{homedir}}}}
#SBATCH --export={{{{keepvars}}}}
#SBATCH --partition={{{{partition}}}}
#SBATCH --time={{{{runtime}}}}
#SBATCH --mem={{{{memory}}}}
#SBATCH --cpus-per-task={{{{nprocs}}}}
{{% if gres %}}#SBATCH --gres={{{{gres}}}}{{% endif %}}
set -eu
exec {{{{cmd}}}}
"""
if urlsplit(URL).hostname == "127.0.0.1":  # the mini cluster: its nodes have names that only Slurm knows
    c.Spawner.args = ["--ServerApp.ip=127.0.0.1"]
    c.SlurmSpawner.state_exechost_exp = "127.0.0.1"

# --- what a user may ask of a server's job: these words and no others, for each becomes a line of a script
OPTIONS = {"application", "partition", "runtime", "memory", "nprocs", "gres"}
WORD = re.compile(r"[A-Za-z0-9_.:,-]{1,64}")


def only_known_options(_spawner: object, options: dict[str, object]) -> None:
    """Look at the options of a start, whoever asks for it.

    Raises:
        ValueError: something else is asked for; the hub answers 400.
    """
    for name, value in options.items():
        if name not in OPTIONS or not isinstance(value, str) or not WORD.fullmatch(value):
            raise ValueError(f"{name!s:.40} is no option, or its value no word; known: {', '.join(sorted(OPTIONS))}")


c.Spawner.apply_user_options = only_known_options


class PortOnly(BatchSpawnerAPIHandler):
    """A job tells the hub its port here, and nothing else.

    batchspawner sets whatever attribute of the spawner the job names, also the commands that the hub runs as root.
    """

    def get_json_body(self) -> dict[str, int]:
        """The port.

        Raises:
            HTTPError: 400, something else was told.
        """
        body = super().get_json_body()
        if not isinstance(body, dict) or set(body) != {"port"} or type(body["port"]) is not int:
            raise web.HTTPError(400, "a job may tell its port only")
        return body


default_handlers[:] = [
    (path, PortOnly if handler is BatchSpawnerAPIHandler else handler) for path, handler in default_handlers
]

# The whole path: a file that is not found is passed over without a word.
load_subconfig(str(Path(__file__).with_name("maxwatt_service.py")))  # noqa: F821  JupyterHub gives it to this file
