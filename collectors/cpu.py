"""CPU time of the whole node, from /proc/stat."""

from collections.abc import Sequence

from collectors.context import USER_HZ, Context
from collectors.files import read_bytes
from maxwatt.domain.errors import SourceError
from maxwatt.domain.samples import Sample, Value
from maxwatt.domain.schema import NODE


class Cpu:
    """Busy CPU seconds and the number of CPUs online."""

    name = "cpu"

    def __init__(self, context: Context) -> None:
        self._context, self._path = context, context.path("proc/stat")

    def collect(self) -> Sequence[Sample]:
        """One node row.

        Raises:
            NoData: there is no /proc/stat.
            SourceError: it cannot be read or understood.
        """
        return [self._context.row(NODE, parse_stat(read_bytes(self._path), USER_HZ))]


def parse_stat(data: bytes, ticks_per_s: int) -> dict[str, Value]:
    """Fields of the node row in the text of /proc/stat.

    `busy = user + nice + system + irq + softirq`. The kernel counts guests inside user and nice, so they are not added
    again (Documentation/filesystems/proc.rst); iowait is idle time, steal is another machine's.

    Args:
        data: the file, or at least all its cpu lines.
        ticks_per_s: USER_HZ [1/s].

    Raises:
        SourceError: the total line is missing or short.
    """
    total, _, rest = data.partition(b"\n")
    try:
        name, user, nice, system, _, _, irq, softirq = total.split()[:8]
        ticks = sum(map(int, (user, nice, system, irq, softirq)))
    except ValueError as error:
        raise SourceError(f"/proc/stat: cannot understand {total[:80]!r}") from error
    count = rest.startswith(b"cpu") + rest.count(b"\ncpu")  # offline CPUs have no line
    if name != b"cpu" or not count:
        raise SourceError(f"/proc/stat: no cpu lines at {total[:80]!r}")
    return {"cpu_busy_seconds_total": ticks / ticks_per_s, "cpu_count": count}
