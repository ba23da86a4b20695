"""CPU time and memory of each user who is logged in, from the slice that systemd keeps for the user."""

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from collectors.cgroup import V1_CPU_MOUNTS, read_v1, read_v2
from collectors.context import Context
from collectors.files import list_names
from collectors.partial import PartialReadingError
from collectors.user_names import UserNames
from maxwatt.domain.errors import NoData, SourceError
from maxwatt.domain.samples import Sample, Value
from maxwatt.domain.schema import SESSION

_SLICE: Final = re.compile(r"user-(\d+)\.slice")

Slice = tuple[int, Callable[[], dict[str, Value]]]
"""A user's number and how to read the fields."""


class Session:
    """One row per user. Jobs lie elsewhere in the tree, so no CPU second is in a job and in a session.

    A login that `pam_slurm_adopt` moved into a job is in the job.
    """

    name = "session"

    def __init__(self, context: Context, names: UserNames | None = None) -> None:
        self._context, self._mount = context, context.path("sys/fs/cgroup")
        self._names = names or UserNames()

    def collect(self) -> Sequence[Sample]:
        """A row for each user with a slice now.

        Raises:
            NoData: nothing here has slices of users.
            PartialReadingError: some could not be read; the rows of the others stand in it.
        """
        rows, faults = [], []
        for uid, read in find_slices(self._mount):
            try:
                rows.append(self._context.row(SESSION, read(), uid=uid, user=self._names.of(uid)))
            except NoData:  # the last login ended between listing and reading
                continue
            except SourceError as error:
                faults.append(str(error))
        if faults:
            raise PartialReadingError(faults, rows)
        return rows


def find_slices(mount: str) -> list[Slice]:
    """The users that have a slice, by number: of version 1 where it counts CPU time, else of version 2.

    Args:
        mount: the folder `/sys/fs/cgroup`; in systemd's hybrid mode version 2 lies in its `unified`.

    Raises:
        NoData: there is no `user.slice`.
        SourceError: it is there and cannot be listed.
    """
    there = False
    for root in (*(f"{mount}/{cpu}" for cpu in V1_CPU_MOUNTS), mount, f"{mount}/unified"):
        names = list_names(f"{root}/user.slice")
        found = [(int(match[1]), _reader(mount, root, match[0])) for match in map(_SLICE.fullmatch, names) if match]
        if found:
            return sorted(found, key=lambda one: one[0])
        there |= bool(names)
    if not there:
        raise NoData(f"{mount}: no user.slice")
    return []


def _reader(mount: str, root: str, name: str) -> Callable[[], dict[str, Value]]:
    folder = f"{root}/user.slice/{name}"
    if root in {mount, f"{mount}/unified"}:
        return partial(read_v2, folder)
    return partial(read_v1, folder, f"{mount}/memory/user.slice/{name}")
