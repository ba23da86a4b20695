"""Fills the accounting database: its own user, the cluster, Slurm's accounts and users."""

from typing import Final

from deploy.minicluster.plan import USERS, Plan
from deploy.minicluster.services import environment
from deploy.minicluster.waiting import demand

DATABASE_SQL: Final = "CREATE DATABASE slurm_acct_db;" + "".join(
    f"CREATE USER slurm@'{host}' IDENTIFIED BY 'slurm'; GRANT ALL ON slurm_acct_db.* TO slurm@'{host}';"
    for host in ("127.0.0.1", "localhost")
)


def fill(plan: Plan) -> None:
    """Add cluster, accounts and users before slurmctld starts, which then knows them from its first moment."""
    for words in (f"add cluster {plan.name}", *_accounts(), *_users()):
        demand(["/usr/bin/sacctmgr", "-i", "-Q", *words.split()], environment(plan))


def _accounts() -> list[str]:
    names = sorted({account for accounts in USERS.values() for account in accounts} | {"operations"})
    return [f"add account {','.join(names)} Description=minicluster Organization=minicluster"]


def _users() -> list[str]:
    users = [
        f"add user {user} Account={','.join(accounts)} DefaultAccount={accounts[0]}"
        for user, accounts in USERS.items()
    ]  # fmt: skip
    return [*users, "add user root Account=operations AdminLevel=Admin"]
