"""CPU time, memory and disk traffic of each Slurm job, from its job-level cgroup: version 1 and version 2."""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

from collectors.context import USER_HZ, Context
from collectors.disk import Level, disk_fields, levels
from collectors.files import list_names, parse_int, read_bytes, read_int
from collectors.partial import PartialReadingError
from maxwatt.domain.errors import NoData, SourceError
from maxwatt.domain.samples import Sample, Value
from maxwatt.domain.schema import JOB

_JOB: Final = re.compile(r"job_(\d+)")
V1_CPU_MOUNTS: Final = ("cpuacct", "cpu,cpuacct", "cpuacct,cpu")
"""Where version 1 counts CPU time; some are links to others."""
_NS_PER_S: Final = 1e9
_US_PER_S: Final = 1e6

Job = tuple[int, Callable[[], dict[str, Value]]]
"""A job's id and how to read its fields."""


class Cgroup:
    """One row per job. The job level counts all its steps, also children long gone; steps are never summed."""

    name = "cgroup"

    def __init__(self, context: Context) -> None:
        self._context, self._mount = context, context.path("sys/fs/cgroup")
        self._level = levels(context.path("sys"))

    def collect(self) -> Sequence[Sample]:
        """A row for each job that has a cgroup now.

        Raises:
            NoData: no slurmd has a cgroup here.
            PartialReadingError: some jobs could not be read; the rows of the others stand in it.
        """
        rows, faults = [], []
        for job_id, read in find_jobs(self._mount, self._context.node, self._level):
            try:
                rows.append(self._context.row(JOB, read(), job_id=job_id))
            except NoData:  # it ended between listing and reading
                continue
            except SourceError as error:
                faults.append(str(error))
        if faults:
            raise PartialReadingError(faults, rows)
        return rows


def find_jobs(mount: str, node: str, level: Callable[[str], Level]) -> list[Job]:
    """The jobs that have a job-level cgroup, by id. Looked for in every cycle: slurmd makes and removes its root.

    Several slurmd on one host have a root each, which carries the node's name.

    Args:
        mount: the folder `/sys/fs/cgroup`.
        node: node name as Slurm knows it.
        level: how a block device stands on others.

    Raises:
        NoData: no slurmd has a root here.
        SourceError: a root is there and cannot be listed.
    """
    for cpu_mount in V1_CPU_MOUNTS:
        for root in (f"slurm_{node}", "slurm"):
            if os.path.isdir(f"{mount}/{cpu_mount}/{root}"):  # noqa: PTH112  text is cheaper in every cycle
                return _jobs_v1(f"{mount}/{cpu_mount}/{root}", f"{mount}/memory/{root}")
    for scope in (f"{node}_slurmstepd.scope", "slurmstepd.scope"):
        root = f"{mount}/system.slice/{scope}"
        if os.path.isdir(root):  # noqa: PTH112
            return [(job_id, partial(_read_job_v2, f"{root}/{name}", level)) for job_id, name in _job_folders(root)]
    raise NoData(f"{mount}: no cgroup of slurmd")


def _jobs_v1(cpu_root: str, memory_root: str) -> list[Job]:
    return [
        (job_id, partial(read_v1, f"{cpu_root}/{user}/{name}", f"{memory_root}/{user}/{name}"))
        for user in list_names(cpu_root)
        if user.startswith("uid_")
        for job_id, name in _job_folders(f"{cpu_root}/{user}")
    ]


def _job_folders(folder: str) -> Iterator[tuple[int, str]]:
    for name in list_names(folder):
        if match := _JOB.fullmatch(name):
            yield int(match[1]), name


def read_v1(cpu_folder: str, memory_folder: str) -> dict[str, Value]:
    """Fields of a job, or of a user's slice, from its cpuacct and memory folders.

    Raises:
        NoData: it is gone.
        SourceError: a file is there and cannot be read.
    """
    fields: dict[str, Value] = {"cpu_seconds_total": read_int(f"{cpu_folder}/cpuacct.usage") / _NS_PER_S}
    system = parse_pairs(read_bytes(f"{cpu_folder}/cpuacct.stat"), (b"system",))
    if b"system" in system:
        fields["cpu_system_seconds_total"] = system[b"system"] / USER_HZ
    return fields | _resident(f"{memory_folder}/memory.stat", b"total_rss", b"total_shmem")


def read_v2(folder: str) -> dict[str, Value]:
    """Fields of a job, or of a user's slice, from its folder in the unified tree.

    Raises:
        NoData: it is gone.
        SourceError: a file is there and cannot be read, or has no `usage_usec`.
    """
    cpu = parse_pairs(read_bytes(f"{folder}/cpu.stat"), (b"usage_usec", b"system_usec"))
    if b"usage_usec" not in cpu:
        raise SourceError(f"{folder}/cpu.stat: no usage_usec")
    fields: dict[str, Value] = {"cpu_seconds_total": cpu[b"usage_usec"] / _US_PER_S}
    if b"system_usec" in cpu:
        fields["cpu_system_seconds_total"] = cpu[b"system_usec"] / _US_PER_S
    return fields | _resident(f"{folder}/memory.stat", b"anon", b"shmem")


def _read_job_v2(folder: str, level: Callable[[str], Level]) -> dict[str, Value]:
    return read_v2(folder) | disk_fields(f"{folder}/io.stat", level)


def _resident(path: str, anonymous: bytes, shared: bytes) -> dict[str, Value]:
    """Resident memory without page cache [B]; unknown without a memory controller: the field is then left out."""
    try:
        memory = parse_pairs(read_bytes(path), (anonymous, shared))
    except NoData:
        return {}
    if anonymous not in memory or shared not in memory:
        return {}
    return {"memory_resident_bytes": memory[anonymous] + memory[shared]}


def parse_pairs(data: bytes, keys: Sequence[bytes]) -> dict[bytes, int]:
    """Values of those `keys` that stand in lines `key value`.

    Raises:
        SourceError: a value is no whole number.
    """
    found = {}
    padded = b"\n" + data
    for key in keys:
        _, hit, rest = padded.partition(b"\n" + key + b" ")
        if hit:
            found[key] = parse_int(rest.partition(b"\n")[0], key.decode())
    return found
