"""Which source a name in the settings stands for."""

from collections.abc import Callable
from typing import Final

from aggregator.sources.jobs.sacct import SacctSource
from aggregator.sources.jobs.scontrol import ScontrolSource
from maxwatt.config import Settings
from maxwatt.domain.ports import AccountingSource, LiveSource

LIVE: Final[dict[str, Callable[[Settings], LiveSource]]] = {"scontrol": ScontrolSource}
ACCOUNTING: Final[dict[str, Callable[[Settings], AccountingSource]]] = {"sacct": SacctSource}


def live_source(settings: Settings) -> LiveSource | None:
    """The source of live jobs and nodes, None where the settings ask for none."""
    return LIVE[settings.slurm.live](settings) if settings.slurm.live != "none" else None


def accounting_source(settings: Settings) -> AccountingSource | None:
    """The source of finished jobs, None where the settings ask for none."""
    return ACCOUNTING[settings.slurm.accounting](settings) if settings.slurm.accounting != "none" else None
