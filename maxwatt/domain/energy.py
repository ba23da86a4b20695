"""The words of the ledger: components, accounts, kinds of evidence, and the version of the method."""

from enum import IntEnum, StrEnum
from typing import Final

METHOD_VERSION: Final = 3
"""Raised with every change of the method that can change a figure."""


class Component(StrEnum):
    """Where in a node energy goes."""

    CPU = "cpu"
    DRAM = "dram"
    GPU = "gpu"
    REST = "rest"


class Part(StrEnum):
    """Static energy is what is drawn for being there, dynamic what is drawn for working."""

    STATIC = "static"
    DYNAMIC = "dynamic"


class Account(IntEnum):
    """On whom a joule is booked. The numbers are stored: never renumber."""

    JOB = 0
    SYSTEM = 1
    IDLE = 2
    UNATTRIBUTED = 3
    SESSION = 4
    DOWN = 5
    DRAINED = 6
    POWERED_OFF = 7
    BOOTING = 8


class Evidence(StrEnum):
    """How a joule became known, best first."""

    COUNTED = "counted"
    INTEGRATED = "integrated"
    INTERPOLATED = "interpolated"
    ACCOUNTED = "accounted"
    MODELLED = "modelled"


COMPONENTS: Final = tuple(Component)
PARTS: Final = tuple(Part)
EVIDENCE: Final = tuple(Evidence)

IDLE_ACCOUNTS: Final = (Account.IDLE, Account.DOWN, Account.DRAINED, Account.POWERED_OFF, Account.BOOTING)
"""What nobody held, by the state that Slurm had the node in; `IDLE` where it could have been used."""

ENERGY_COLUMNS: Final = tuple(f"{component}_{part}_j" for component in COMPONENTS for part in PARTS)
"""Ledger columns of energy [J], component-major: `cpu_static_j, cpu_dynamic_j, dram_static_j, …`."""

EVIDENCE_COLUMNS: Final = tuple(f"{evidence}_j" for evidence in EVIDENCE)
"""Ledger columns [J] that split a booking's energy by evidence; they sum to its total."""
