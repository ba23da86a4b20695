from collections.abc import Callable
from pathlib import Path

import pytest

from collectors.context import USER_HZ, Context
from collectors.partial import PartialReadingError
from collectors.session import Session, find_slices
from collectors.user_names import UserNames
from maxwatt.domain.errors import NoData

Tree = Callable[[str], Path]
MakeContext = Callable[..., Context]


def sessions_of(context: Context) -> dict[tuple[int, str], dict[str, float]]:
    def name_of(uid: int) -> str:
        return {0: "root", 1001: "ada"}[uid]

    rows = Session(context, UserNames(name_of)).collect()
    return {(int(row.tags["uid"]), str(row.tags["user"])): dict(row.fields) for row in rows}


def test_v2_reads_the_slice_of_each_user_and_nothing_below(tree: Tree, context: MakeContext) -> None:
    assert sessions_of(context(tree("cgroup_v2"))) == {
        (0, "root"): {"cpu_seconds_total": 0.001, "cpu_system_seconds_total": 0.0004},
        (1001, "ada"): {"cpu_seconds_total": 5.25, "cpu_system_seconds_total": 1.0, "memory_resident_bytes": 12288},
    }


def test_v1_and_a_user_without_a_name(tree: Tree, context: MakeContext) -> None:
    cpu = {"cpu_seconds_total": 3.5, "cpu_system_seconds_total": 100 / USER_HZ}
    assert sessions_of(context(tree("cgroup_v1"))) == {(1002, "1002"): cpu | {"memory_resident_bytes": 8192}}


def test_two_names_of_one_mount_are_one(tree: Tree) -> None:
    mount = tree("cgroup_v1") / "sys/fs/cgroup"
    (mount / "cpuacct").symlink_to("cpu,cpuacct")
    assert [uid for uid, _ in find_slices(str(mount))] == [1002]


def test_the_hybrid_tree_where_version_1_does_not_count_users(tree: Tree, tmp_path: Path) -> None:
    mount = tmp_path / "sys/fs/cgroup"
    (mount / "cpu,cpuacct/user.slice").mkdir(parents=True)
    (mount / "cpu,cpuacct/user.slice/cpuacct.usage").write_text("1\n")
    (mount / "unified").symlink_to(tree("cgroup_v2") / "sys/fs/cgroup")
    found = dict(find_slices(str(mount)))
    assert found[1001]()["cpu_seconds_total"] == 5.25


def test_nobody_logged_in_is_no_missing_hardware(tree: Tree, context: MakeContext) -> None:
    root = tree("cgroup_v2")
    for uid in (0, 1001):
        folder = root / f"sys/fs/cgroup/user.slice/user-{uid}.slice"
        for path in sorted(folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        folder.rmdir()
    assert sessions_of(context(root)) == {}


def test_no_slices_at_all_is_no_data(tmp_path: Path) -> None:
    with pytest.raises(NoData):
        find_slices(str(tmp_path))


def test_a_login_that_ends_after_listing_is_quietly_gone(tree: Tree, context: MakeContext) -> None:
    root = tree("cgroup_v2")
    (root / "sys/fs/cgroup/user.slice/user-0.slice/cpu.stat").unlink()
    assert list(sessions_of(context(root))) == [(1001, "ada")]


def test_the_others_stay_when_one_cannot_be_read(tree: Tree, context: MakeContext) -> None:
    root = tree("cgroup_v2")
    (root / "sys/fs/cgroup/user.slice/user-0.slice/cpu.stat").write_text("usage_usec many\n")
    with pytest.raises(PartialReadingError) as caught:
        sessions_of(context(root))
    assert [row.tags["uid"] for row in caught.value.rows] == [1001]
