"""Every collector by name. Another one is a file of its own and a line here."""

from collections.abc import Callable, Sequence
from typing import Final

from collectors.cgroup import Cgroup
from collectors.context import Context
from collectors.cpu import Cpu
from collectors.memory import Memory
from collectors.model import Model
from collectors.network import Network
from collectors.rapl import Rapl
from collectors.session import Session
from maxwatt.domain.errors import ConfigError
from maxwatt.domain.ports import Collector

COLLECTORS: Final[dict[str, Callable[[Context], Collector]]] = {
    "cpu": Cpu,
    "rapl": Rapl,  # after cpu: its work tells how often a counter went round
    "cgroup": Cgroup,
    "session": Session,
    "memory": Memory,
    "network": Network,
    "model": Model,  # last: it stands in for what the others did not measure
}
"""In the order of reading: what belongs together in time stands together."""


def build(names: Sequence[str], context: Context) -> list[Collector]:
    """The collectors called `names`, all when there are none, in the registry's order.

    Raises:
        ConfigError: a name is unknown.
    """
    unknown = [name for name in names if name not in COLLECTORS]
    if unknown:
        raise ConfigError(f"no collector is called {', '.join(unknown)}; known: {', '.join(COLLECTORS)}")
    return [factory(context) for name, factory in COLLECTORS.items() if not names or name in names]
