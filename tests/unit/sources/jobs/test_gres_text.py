"""Slurm's GRES texts of jobs and nodes, in the forms of 22.05 and later."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.sources.jobs.gres import count_gpus, parse_gpus
from maxwatt.domain.errors import InputError
from maxwatt.domain.gpus import GpuPart, Sharing

MIG, MPS, SHARD = Sharing.MIG, Sharing.MPS, Sharing.SHARD


@pytest.mark.parametrize(
    ("text", "gpus"),
    [
        ("gpu:a100:2(IDX:0,2-3),gpu:v100:1(IDX:5)", (0, 2, 3, 5)),
        ("gpu:2(IDX:1)", (1,)),
        ("gpu:a100:2(IDX:N/A)", ()),
        ("gpu(CNT:2)", ()),
        ("gpu:a100(CNT:2)", ()),
        ("", ()),
        ("gpu:1g.5gb:1(IDX:3)", (GpuPart(MIG, 3, 1),)),
        ("gpu:a100_3g.20gb:2(IDX:7-8)", (GpuPart(MIG, 7, 3), GpuPart(MIG, 8, 3))),
        ("gpu:nvidia_h100_80gb_hbm3_1g.10gb+me:1(IDX:0)", (GpuPart(MIG, 0, 1),)),
        ("gpu:1c.3g.20gb:1(IDX:2)", (GpuPart(MIG, 2, 1),)),
        ("gpu:a100:1(IDX:0),gpu:1g.5gb:1(IDX:9)", (0, GpuPart(MIG, 9, 1))),
        ("mps:100(IDX:0)", (GpuPart(MPS, 0, 100),)),
        ("shard:1(IDX:2)", (GpuPart(SHARD, 2, 1),)),
        ("shard:3(IDX:0,1)", (GpuPart(SHARD, 0, 1.5), GpuPart(SHARD, 1, 1.5))),
        ("shard:h100:3(2/8,1/8)", (GpuPart(SHARD, 0, 2, 8), GpuPart(SHARD, 1, 1, 8))),
        ("shard:2(0/4,2/4)", (GpuPart(SHARD, 1, 2, 4),)),
        ("mps:50(0/100,50/100),gpu:a100:1(IDX:3)", (3, GpuPart(MPS, 1, 50, 100))),
        ("license:foo:2(IDX:1),tmpfs:3G", ()),
        ("mygpu:2(IDX:1)", ()),
    ],
)
def test_gpus_of_a_job(text: str, gpus: tuple[object, ...]) -> None:
    assert parse_gpus(text) == gpus


@given(st.one_of(st.text(max_size=60), st.text(alphabet="gpushardm:0123456789(IDX,-/) .", max_size=60)))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = parse_gpus(text)
    except InputError:
        return
    assert all(isinstance(gpu, int | GpuPart) for gpu in found)


def test_gpus_of_a_node() -> None:
    assert count_gpus("gpu:a100:4(S:0-1),gpu:v100:2") == 6
    assert count_gpus("gpu:a100:2,shard:16(S:0)") == 2
    assert count_gpus("") == 0
