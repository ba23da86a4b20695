"""Bytes that a cgroup read from and wrote to the node's own disks: `io.stat` of cgroup v2."""

from collections.abc import Callable
from functools import lru_cache
from typing import Final, Literal

from collectors.files import list_names, parse_int, read_bytes
from maxwatt.domain.errors import NoData, SourceError
from maxwatt.domain.samples import Value

Level = Literal["disk", "top", "between"]
"""A device on no other one; one made of others, such as a logical volume; one made of others that bears another."""

_KEYS: Final = (b"rbytes", b"wbytes")


def levels(sys: str) -> Callable[[str], Level]:
    """How a device, by its `major:minor`, stands on others.

    Args:
        sys: the folder `/sys`.
    """

    @lru_cache(maxsize=1024)
    def level(device: str) -> Level:
        folder = f"{sys}/dev/block/{device}"
        if not list_names(f"{folder}/slaves"):
            return "disk"
        return "between" if list_names(f"{folder}/holders") else "top"

    return level


def disk_fields(path: str, level: Callable[[str], Level]) -> dict[str, Value]:
    """Fields of the job row in an `io.stat`; none where the cgroup has no io controller.

    What goes to a logical volume is counted for the volume and again for the disk below it; of what an encrypted volume
    writes, the disk's count forgets the cgroup. So the larger of both sums is taken
    (seen in https://github.com/google/cadvisor/issues/1669 and /2316).

    Raises:
        SourceError: it cannot be read or understood.
    """
    try:
        devices = parse_io_stat(read_bytes(path), path)
    except NoData:
        return {}
    sums = {kind: [0, 0] for kind in ("disk", "top", "between")}
    for device, counts in devices.items():
        of = sums[level(device)]
        of[:] = [so_far + count for so_far, count in zip(of, counts, strict=True)]
    read, written = (float(max(pair)) for pair in zip(sums["disk"], sums["top"], strict=True))
    return {"disk_read_bytes_total": read, "disk_written_bytes_total": written}


def parse_io_stat(data: bytes, path: str) -> dict[str, tuple[int, int]]:
    """Bytes read and written of each device, by `major:minor`. A device that was only looked at has no counts.

    Raises:
        SourceError: a line cannot be understood.
    """
    found = {}
    for line in data.splitlines():
        device, *pairs = line.split()
        values = dict(pair.partition(b"=")[::2] for pair in pairs)
        if b":" not in device:
            raise SourceError(f"{path}: cannot understand {line[:80]!r}")
        if values.keys() >= set(_KEYS):
            read, written = (parse_int(values[key], path) for key in _KEYS)
            found[device.decode("ascii", "replace")] = (read, written)
    return found
