"""maxwatt as a service of a JupyterHub: what a site adds to its own configuration with `load_subconfig`.

The hub starts maxwatt and gives it a token of its own. People get it from the hub's menu *Services*, signed in.
"""

import os

c = get_config()  # noqa: F821  JupyterHub gives it to this file

SEES_ALL = "custom:maxwatt:read-all"
"""Scope of who sees everybody's jobs without being an administrator of the hub."""

STAFF = [name for name in os.environ.get("MAXWATT_STAFF", "").split(",") if name]
"""Users who have it."""

c.JupyterHub.services.append(
    {
        "name": "maxwatt",
        "url": os.environ["MAXWATT_URL"],  # where maxwatt listens, such as http://127.0.0.1:8080
        "command": os.environ["MAXWATT_COMMAND"].split(),  # without it: started by systemd, with a token in a file
        "environment": {name: os.environ[name] for name in ("SLURM_CONF", "PYTHONPATH") if name in os.environ},
        "display": True,
        "oauth_no_confirm": True,
        # What maxwatt may do in the name of who signs in, as far as they may do it themselves: learn who they are, and
        # start and stop servers. So nobody, and no fault of maxwatt's, stops another's server but an administrator.
        "oauth_client_allowed_scopes": [
            "access:services!service=maxwatt",
            "read:users:name!user",
            "read:users:groups!user",
            "start:servers",
            "delete:servers",
            SEES_ALL,
        ],
    }
)
c.JupyterHub.custom_scopes = {SEES_ALL: {"description": "See the jobs and the energy of everybody in maxwatt"}}
c.JupyterHub.load_roles.extend(
    [
        # Every user may open it.
        {"name": "user", "scopes": ["self", "access:services!service=maxwatt"]},
        {"name": "maxwatt-staff", "users": STAFF, "scopes": [SEES_ALL]},
        {
            "name": "maxwatt-looks",
            "services": ["maxwatt"],
            # What maxwatt may do by itself: look. It starts and stops nothing.
            "scopes": [
                "list:users",  # administrators see everybody's servers; names only
                "read:servers",
                "admin:server_state",  # the job of a server; there is no smaller scope that tells it
            ],
        },
    ]
)
