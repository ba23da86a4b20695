"""What one mini cluster is made of: its id, its folder, its ports, its nodes. Nothing here touches the machine."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.minicluster.machines import PLAIN, WITH_GPUS, MachineKind

USERS: Final = {"alice": ("photon",), "bob": ("xfel",), "carol": ("xfel", "photon"), "dana": ("operations",)}
"""Unix users with their Slurm accounts, the default account first."""

ADMINS: Final = ("dana",)
"""Those of them who administrate the JupyterHub, where there is one."""

PORT_COUNT: Final = 16
"""Consecutive ports one cluster needs: five servers, then one for each node, then the JupyterHub's."""

OFFSETS: Final = {
    "slurmctld": 0, "slurmdbd": 1, "mariadb": 2, "slurmrestd": 3, "maxwatt": 4,
    "hub": 10, "hub_internal": 11, "hub_proxy": 12,
}  # fmt: skip
"""Port of each server, counted from the first."""


@dataclass(frozen=True, slots=True)
class Node:
    """One virtual node."""

    name: str
    partition: str
    port: int
    kind: MachineKind


@dataclass(frozen=True, slots=True)
class Plan:
    """One cluster.

    Args:
        folder: state folder, absolute.
        instance: four hex digits that no other cluster on this machine has.
        host: short host name of this machine, which Slurm compares with its configuration.
        first_port: start of the block of `PORT_COUNT` ports.
    """

    folder: Path
    instance: str
    host: str
    first_port: int

    @property
    def name(self) -> str:
        """Slurm's ClusterName, and the start of every node's name."""
        return f"mw{self.instance}"

    @property
    def ports(self) -> dict[str, int]:
        """Port of each server."""
        return {name: self.first_port + offset for name, offset in OFFSETS.items()}

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The virtual nodes: two plain ones, one that jobs share, one with GPUs."""
        rows = (("cpu", PLAIN), ("cpu", PLAIN), ("shared", PLAIN), ("gpu", WITH_GPUS))
        return tuple(
            Node(f"{self.name}-n{number:02}", partition, self.first_port + 5 + number, kind)
            for number, (partition, kind) in enumerate(rows, start=1)
        )

    @property
    def slurm_conf(self) -> Path:
        """Slurm's configuration file."""
        return self.folder / "etc" / "slurm.conf"

    @property
    def munge_socket(self) -> Path:
        """Socket of this cluster's own munged."""
        return self.folder / "munge" / "munge.socket"

    @property
    def rest_socket(self) -> Path:
        """Socket of slurmrestd."""
        return self.folder / "rest" / "s.sock"

    @property
    def mariadb_socket(self) -> Path:
        """Socket of this cluster's own MariaDB."""
        return self.folder / "mysql" / "s.sock"

    @property
    def jwt_key(self) -> Path:
        """Key that signs Slurm's web tokens."""
        return self.folder / "etc" / "jwt_hs256.key"

    @property
    def simulated_root(self) -> Path:
        """Folder in memory (tmpfs) with one tree per node of what is simulated."""
        return Path("/dev/shm") / f"minicluster-{self.name}"  # noqa: S108  named after the instance, root's own

    def node_root(self, node: str) -> Path:
        """The simulated part of a node's root: `proc/stat` and `sys/class/powercap`."""
        return self.simulated_root / node
