"""Which source a name in the settings stands for."""

from collections.abc import Callable
from typing import Final

from aggregator.sources.jobs.interrupt import Interrupt
from aggregator.sources.jobs.pyslurm import PyslurmLive
from aggregator.sources.jobs.sacct import SacctSource
from aggregator.sources.jobs.scontrol import ScontrolSource
from aggregator.sources.jobs.slurmrestd import SlurmrestdAccounting, SlurmrestdLive
from maxwatt.config import Settings
from maxwatt.domain.ports import AccountingSource, LiveSource

LIVE: Final[dict[str, Callable[[Settings, Interrupt], LiveSource]]] = {
    "scontrol": ScontrolSource,
    "slurmrestd": SlurmrestdLive,
    "pyslurm": PyslurmLive,
}
ACCOUNTING: Final[dict[str, Callable[[Settings, Interrupt], AccountingSource]]] = {
    "sacct": SacctSource,
    "slurmrestd": SlurmrestdAccounting,
}


def live_source(settings: Settings, interrupt: Interrupt | None = None) -> LiveSource | None:
    """The source of live jobs and nodes, None where the settings ask for none.

    Args:
        interrupt: set from another thread, it ends what the source waits for with a `StoppedError`.

    Raises:
        ConfigError: the settings lack what this source needs.
    """
    name = settings.slurm.live
    return None if name == "none" else LIVE[name](settings, interrupt or Interrupt())


def accounting_source(settings: Settings, interrupt: Interrupt | None = None) -> AccountingSource | None:
    """The source of finished jobs, None where the settings ask for none; see `live_source`."""
    name = settings.slurm.accounting
    return None if name == "none" else ACCOUNTING[name](settings, interrupt or Interrupt())
