"""Memory of the whole node, from /proc/meminfo."""

import re
from collections.abc import Sequence
from typing import Final

from collectors.context import Context
from collectors.files import read_bytes
from maxwatt.domain.errors import SourceError
from maxwatt.domain.samples import Sample, Value
from maxwatt.domain.schema import NODE

_LINE: Final = re.compile(rb"^(MemTotal|MemAvailable):\s+(\d+) kB$", re.MULTILINE)


class Memory:
    """Memory in use without page cache, and memory installed."""

    name = "memory"

    def __init__(self, context: Context) -> None:
        self._context, self._path = context, context.path("proc/meminfo")

    def collect(self) -> Sequence[Sample]:
        """One node row.

        Raises:
            NoData: there is no /proc/meminfo.
            SourceError: it cannot be read or understood.
        """
        return [self._context.row(NODE, parse_meminfo(read_bytes(self._path)))]


def parse_meminfo(data: bytes) -> dict[str, Value]:
    """Fields of the node row in the text of /proc/meminfo: used is `MemTotal - MemAvailable`, both written in KiB.

    Raises:
        SourceError: MemTotal is missing.
    """
    found = {key: int(kib) << 10 for key, kib in _LINE.findall(data)}
    if b"MemTotal" not in found:
        raise SourceError("/proc/meminfo: no MemTotal")
    total_bytes = found[b"MemTotal"]
    if b"MemAvailable" not in found:  # kernels before 3.14: free memory would count page cache as used
        return {"memory_total_bytes": total_bytes}
    return {"memory_total_bytes": total_bytes, "memory_used_bytes": total_bytes - found[b"MemAvailable"]}
