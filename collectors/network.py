"""Bytes that the node received and sent: Ethernet from /proc/net/dev, InfiniBand and Omni-Path from their ports."""

import os
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from collectors.context import Context
from collectors.files import list_names, parse_int, read_bytes, read_int
from maxwatt.domain.errors import NoData, SourceError
from maxwatt.domain.samples import Sample
from maxwatt.domain.schema import NODE

_WORD_BYTES: Final = 4
"""`port_rcv_data` and `port_xmit_data` count words of four bytes
(https://docs.kernel.org/admin-guide/abi-stable.html, sysfs-class-infiniband)."""

_INFINIBAND_TYPE: Final = b"32"
"""ARPHRD_INFINIBAND: IP over InfiniBand, whose bytes the port counts too."""

_SENT_COLUMN: Final = 8
"""Columns of /proc/net/dev after the name: eight of what was received, then eight of what was sent, bytes first."""

Traffic = tuple[int, int]
"""Bytes received and sent since the counters began."""


class Network:
    """Traffic of the node's own adapters; what only passes through bridges, bonds or virtual pairs counts once."""

    name = "network"

    def __init__(self, context: Context) -> None:
        self._context = context
        self._table, self._sys = context.path("proc/net/dev"), context.path("sys/class")
        self._is_adapter = lru_cache(maxsize=256)(self._looked_up)  # an adapter stays one as long as it has its name

    def collect(self) -> Sequence[Sample]:
        """One node row: all adapters together.

        Raises:
            NoData: the node has none.
            SourceError: a counter cannot be read or understood.
        """
        found = [*ports_of(f"{self._sys}/infiniband"), *self._ethernet()]
        if not found:
            raise NoData(f"{self._sys}: no network adapter")
        received, sent = (float(sum(values)) for values in zip(*found, strict=True))
        fields = {"network_received_bytes_total": received, "network_sent_bytes_total": sent}
        return [self._context.row(NODE, fields)]

    def _ethernet(self) -> list[Traffic]:
        try:
            table = read_bytes(self._table)
        except NoData:
            return []
        return [traffic for name, traffic in parse_net_dev(table) if self._is_adapter(name)]

    def _looked_up(self, name: str) -> bool:
        """Whether an interface is a device, not one made of others; IP over InfiniBand is none."""
        folder = f"{self._sys}/net/{name}"
        if not os.path.exists(f"{folder}/device"):  # noqa: PTH110  text is cheaper
            return False
        return read_bytes(f"{folder}/type").strip() != _INFINIBAND_TYPE


def parse_net_dev(table: bytes) -> Iterator[tuple[str, Traffic]]:
    """Name and traffic of each interface in the text of /proc/net/dev.

    Raises:
        SourceError: a line cannot be understood.
    """
    for line in table.splitlines()[2:]:
        name, _, counts = line.rpartition(b":")
        columns = counts.split()
        if not name or len(columns) <= _SENT_COLUMN:
            raise SourceError(f"/proc/net/dev: cannot understand {line[:80]!r}")
        received, sent = (parse_int(columns[place], "/proc/net/dev") for place in (0, _SENT_COLUMN))
        yield name.strip().decode("utf-8", "replace"), (received, sent)


def ports_of(folder: str) -> Iterator[Traffic]:
    """Traffic of each InfiniBand or Omni-Path port below `/sys/class/infiniband`; those on Ethernet are not among them:
    their interface counts the same bytes.

    Raises:
        SourceError: a counter cannot be read or understood.
    """
    for device in list_names(folder):
        for port in list_names(f"{folder}/{device}/ports"):
            place = f"{folder}/{device}/ports/{port}"
            if read_bytes(f"{place}/link_layer").strip() == b"InfiniBand":
                received, sent = (read_int(f"{place}/counters/port_{way}_data") for way in ("rcv", "xmit"))
                yield received * _WORD_BYTES, sent * _WORD_BYTES
