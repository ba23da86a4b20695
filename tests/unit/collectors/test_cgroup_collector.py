from collections.abc import Callable
from pathlib import Path

import pytest

from collectors.cgroup import Cgroup, find_jobs, parse_pairs, read_v1
from collectors.context import USER_HZ, Context
from collectors.partial import PartialReadingError
from maxwatt.domain.errors import NoData, SourceError
from maxwatt.domain.samples import Sample

Tree = Callable[[str], Path]
MakeContext = Callable[..., Context]
V1 = "sys/fs/cgroup/cpu,cpuacct"


def by_job(rows: list[Sample]) -> dict[int, dict[str, float]]:
    return {int(row.tags["job_id"]): dict(row.fields) for row in rows}


def jobs_of(context: Context) -> dict[int, dict[str, float]]:
    return by_job(list(Cgroup(context).collect()))


def test_v1_reads_the_job_level_of_its_own_slurmd(tree: Tree, context: MakeContext) -> None:
    assert jobs_of(context(tree("cgroup_v1"), "n1")) == {
        11: {
            "cpu_seconds_total": 12.5,
            "cpu_system_seconds_total": 250 / USER_HZ,
            "memory_resident_bytes": 1_024_000,
        },
        12: {"cpu_seconds_total": 3.0, "cpu_system_seconds_total": 100 / USER_HZ},  # no memory controller: unknown
    }


def test_two_slurmd_on_one_host_do_not_mix(tree: Tree, context: MakeContext) -> None:
    assert list(jobs_of(context(tree("cgroup_v1"), "n2"))) == [21]


def test_a_root_of_other_nodes_only_is_not_ours(tree: Tree, context: MakeContext) -> None:
    with pytest.raises(NoData):
        Cgroup(context(tree("cgroup_v1"), "n3")).collect()


def test_the_plain_root_serves_a_single_slurmd(tree: Tree, context: MakeContext) -> None:
    assert jobs_of(context(tree("cgroup_v1_plain"), "n1"))[31]["memory_resident_bytes"] == 8192


@pytest.mark.parametrize("mount", ["cpuacct", "cpuacct,cpu"])
def test_v1_under_other_names_of_the_mount(tree: Tree, context: MakeContext, mount: str) -> None:
    root = tree("cgroup_v1")
    (root / V1).rename(root / "sys/fs/cgroup" / mount)
    assert sorted(jobs_of(context(root, "n1"))) == [11, 12]


def test_v2_takes_the_scope_of_the_node_where_there_is_one(tree: Tree, context: MakeContext) -> None:
    assert list(jobs_of(context(tree("cgroup_v2"), "n1"))) == [51]


def test_v2_plain_scope(tree: Tree, context: MakeContext) -> None:
    assert jobs_of(context(tree("cgroup_v2"), "n9")) == {
        41: {
            **{"cpu_seconds_total": 2.5, "cpu_system_seconds_total": 0.5, "memory_resident_bytes": 12288},
            **{"disk_read_bytes_total": 4096000, "disk_written_bytes_total": 3072000},
        },
        42: {"cpu_seconds_total": 0.001, "cpu_system_seconds_total": 0.0004},
    }


@pytest.mark.parametrize(("name", "job", "gone"), [("cgroup_v1", 11, "cpuacct.usage"), ("cgroup_v2", 51, "cpu.stat")])
def test_a_job_that_vanishes_after_listing_is_quietly_gone(tree: Tree, name: str, job: int, gone: str) -> None:
    root = tree(name)
    read = dict(find_jobs(str(root / "sys/fs/cgroup"), "n1", lambda _device: "disk"))[job]
    next(path for path in root.rglob(f"job_{job}/{gone}")).unlink()
    with pytest.raises(NoData):
        read()


def test_the_others_stay_when_one_vanishes(tree: Tree, context: MakeContext) -> None:
    root = tree("cgroup_v1")
    (root / V1 / "slurm_n1/uid_1001/job_11/cpuacct.usage").unlink()
    assert list(jobs_of(context(root, "n1"))) == [12]


def test_the_others_stay_when_one_cannot_be_read(tree: Tree, context: MakeContext) -> None:
    root = tree("cgroup_v1")
    (root / V1 / "slurm_n1/uid_1001/job_11/cpuacct.usage").write_text("many\n")
    with pytest.raises(PartialReadingError, match="job_11") as caught:
        Cgroup(context(root, "n1")).collect()
    assert list(by_job(list(caught.value.rows))) == [12]


def test_a_slurmd_without_jobs_is_no_missing_hardware(tmp_path: Path, context: MakeContext) -> None:
    (tmp_path / "sys/fs/cgroup/cpuacct/slurm").mkdir(parents=True)
    assert list(Cgroup(context(tmp_path)).collect()) == []


def test_memory_without_hierarchy_totals_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "cpuacct.usage").write_text("1000000000\n")
    (tmp_path / "cpuacct.stat").write_text("user 1\nsystem 0\n")
    (tmp_path / "memory.stat").write_text("rss 1\nshmem 2\n")
    fields = read_v1(str(tmp_path), str(tmp_path))
    assert fields == {"cpu_seconds_total": 1.0, "cpu_system_seconds_total": 0.0}


def test_pairs_match_whole_keys_only() -> None:
    assert parse_pairs(b"anon_thp 5\nanon 7\nshmem 9", (b"anon", b"shmem", b"none")) == {b"anon": 7, b"shmem": 9}


def test_a_value_that_is_no_number_is_a_fault() -> None:
    with pytest.raises(SourceError):
        parse_pairs(b"anon x\n", (b"anon",))
