"""GPUs as Slurm allocates them: their text, and which part of which board they are."""

import pytest

from maxwatt.domain.gpus import NO_BOARD, BoardShare, Gpu, GpuPart, Sharing, board_shares, parse
from maxwatt.domain.node_model import NodeModel

MIG = NodeModel("mig", mig_slices=("1,1,1,1,1,1,1", "3,3", "7"))
PLAIN = NodeModel("plain", shards_per_gpu=8)


@pytest.mark.parametrize(
    "gpus",
    [
        (),
        (0, 3),
        (GpuPart(Sharing.MIG, 12, 3), GpuPart(Sharing.SHARD, 1, 1.5), GpuPart(Sharing.MPS, 0, 50, 100)),
        (GpuPart(Sharing.SHARD, 0, 100 / 3),),
    ],
)
def test_what_is_written_is_read_again(gpus: tuple[Gpu, ...]) -> None:
    text = ",".join(map(str, gpus))
    assert ",".join(map(str, parse(text))) == text
    assert [type(gpu) for gpu in parse(text)] == [type(gpu) for gpu in gpus]


def test_texts() -> None:
    assert ",".join(map(str, (0, GpuPart(Sharing.MIG, 3, 1), GpuPart(Sharing.SHARD, 0, 2, 8)))) == "0,mig3:1,shard0:2/8"


def test_a_whole_board() -> None:
    assert board_shares((2,), PLAIN) == (BoardShare(2, 1.0),)


def test_instances_are_numbered_through_over_the_boards() -> None:
    """7 of 1 slice on board 0, then 2 of 3 slices on board 1, then an undivided board."""
    found = board_shares((GpuPart(Sharing.MIG, 6, 1), GpuPart(Sharing.MIG, 7, 3), GpuPart(Sharing.MIG, 9, 7)), MIG)
    assert found == (BoardShare(0, 1 / 7), BoardShare(1, 0.5), BoardShare(2, 1.0))


def test_a_plain_index_on_a_divided_node_is_an_instance() -> None:
    """Slurm names no profile where a job did not ask for one."""
    assert board_shares((0, 1, 8), MIG) == (BoardShare(0, 2 / 7), BoardShare(1, 0.5))


def test_an_instance_that_nothing_places_has_no_board() -> None:
    assert board_shares((GpuPart(Sharing.MIG, 3, 1),), PLAIN) == (BoardShare(NO_BOARD, 1.0, assumed=True),)
    assert board_shares((10,), MIG) == (BoardShare(NO_BOARD, 1.0, assumed=True),)


def test_shards_and_percent_of_a_board() -> None:
    assert board_shares((GpuPart(Sharing.SHARD, 0, 2, 4), GpuPart(Sharing.SHARD, 1, 1, 4)), PLAIN) == (
        BoardShare(0, 0.5),
        BoardShare(1, 0.25),
    )
    assert board_shares((GpuPart(Sharing.SHARD, 0, 2),), PLAIN) == (BoardShare(0, 0.25),)  # of 8 in the node model
    assert board_shares((GpuPart(Sharing.MPS, 1, 30),), PLAIN) == (BoardShare(1, 0.3),)  # of 100, Slurm's convention


def test_shards_of_an_unknown_number_weigh_and_are_assumed() -> None:
    assert board_shares((GpuPart(Sharing.SHARD, 0, 3),), NodeModel("m")) == (BoardShare(0, 3.0, assumed=True),)


def test_a_sum_over_several_boards_is_split_evenly_and_assumed() -> None:
    found = board_shares((GpuPart(Sharing.SHARD, 0, 1.5), GpuPart(Sharing.SHARD, 1, 1.5)), PLAIN)
    assert found == (BoardShare(0, 1.5 / 8, assumed=True), BoardShare(1, 1.5 / 8, assumed=True))
