"""A board that several jobs share: static by share, dynamic by share and activity. Figures are worked out beside."""

import numpy as np
import pytest
from kernel_case import Booked, booked, gpu_rows, job_rows, life, node_rows

from aggregator.kernel.gpu_holdings import by_activity
from maxwatt.domain.energy import Account
from maxwatt.domain.node_model import NodeModel

IDLE = Account.IDLE
BOARD = NodeModel("board", gpu_idle_w=40.0)
"""40 W idle: of 1000 J in 10 s 400 J are static, 600 J dynamic."""


def shared(*lives: dict[str, object], boards: int = 1, model: NodeModel = BOARD) -> Booked:
    rows = [gpu_rows([0, 10], gpu=board, energy_j=[0.0, 1000.0]) for board in range(boards)]
    return booked([0, 10], node=[node_rows([0, 10])], gpu=rows, lives=list(lives), model=model)


def gpu_j(found: Booked, who: int | Account) -> tuple[float, float]:
    return found.energy_j(who, "gpu", "static"), found.energy_j(who, "gpu", "dynamic")


def test_slices_pay_for_their_part_and_idle_for_what_nobody_holds() -> None:
    """3/7 at activity 0.5 and 1/7 at 1: weights 3/14 and 2/14, dynamic 3/5 and 2/5; 3/7 of the board are free."""
    found = shared(
        life(1, 0, None, 1, gpus={0: 3 / 7}, activity={0: 0.5}), life(2, 0, None, 1, gpus={0: 1 / 7}, activity={0: 1.0})
    )
    assert gpu_j(found, 1) == pytest.approx((400 * 3 / 7, 360))
    assert gpu_j(found, 2) == pytest.approx((400 / 7, 240))
    assert gpu_j(found, IDLE) == pytest.approx((400 * 3 / 7, 0))
    assert found.evidence_j(1, "modelled") == 0


def test_an_unknown_activity_counts_as_one_and_is_marked_for_all_whom_it_decides() -> None:
    """Weights 3/7 * 0.5 and 1/7 * 1: dynamic 3/5 and 2/5 again, but both are guessed; static is not."""
    found = shared(life(1, 0, None, 1, gpus={0: 3 / 7}, activity={0: 0.5}), life(2, 0, None, 1, gpus={0: 1 / 7}))
    assert gpu_j(found, 1) == pytest.approx((400 * 3 / 7, 360))
    assert found.evidence_j(1, "modelled") == pytest.approx(360)
    assert found.evidence_j(2, "modelled") == pytest.approx(240)
    assert found.evidence_j(2, "counted") == pytest.approx(400 / 7)


def test_alone_on_a_board_the_activity_need_not_be_known() -> None:
    found = shared(life(1, 0, None, 1, gpus={0: 1 / 7}))
    assert gpu_j(found, 1) == pytest.approx((400 / 7, 600))
    assert gpu_j(found, IDLE) == pytest.approx((400 * 6 / 7, 0))
    assert found.evidence_j(1, "modelled") == 0


def test_where_nobody_was_active_dynamic_goes_by_share() -> None:
    found = shared(
        life(1, 0, None, 1, gpus={0: 0.25}, activity={0: 0.0}), life(2, 0, None, 1, gpus={0: 0.5}, activity={0: 0.0})
    )
    assert gpu_j(found, 1) == pytest.approx((100, 150))
    assert gpu_j(found, 2) == pytest.approx((200, 300))
    assert gpu_j(found, IDLE) == pytest.approx((100, 150))


def test_shares_that_over_subscribe_a_board_are_divided_by_what_is_held() -> None:
    """1 and 1/2 held: 2/3 and 1/3."""
    found = shared(life(1, 0, None, 1, gpus={0: 1.0}), life(2, 0, None, 1, gpus={0: 0.5}))
    assert gpu_j(found, 1) == pytest.approx((400 * 2 / 3, 400))
    assert gpu_j(found, 2) == pytest.approx((400 / 3, 200))
    assert gpu_j(found, IDLE) == pytest.approx((0, 0))


def test_a_share_that_nobody_told_is_marked() -> None:
    found = shared(life(1, 0, None, 1, gpus={0: 0.5}, assumed=True))
    assert found.evidence_j(1, "modelled") == pytest.approx(200 + 600)


def test_an_instance_whose_board_is_not_known_leaves_the_boards_to_idle() -> None:
    found = shared(life(1, 0, None, 1, gpus={-1: 1.0}), boards=2)
    assert gpu_j(found, 1) == (0, 0)
    assert gpu_j(found, IDLE) == pytest.approx((800, 1200))


def test_a_job_with_the_node_for_itself_holds_every_board_once() -> None:
    found = shared(life(1, 0, None, 1, gpus={0: 1 / 7}, exclusive=True), boards=2)
    assert gpu_j(found, 1) == pytest.approx((800, 1200))


def test_a_job_beside_it_holds_its_board_from_its_start() -> None:
    """Alone for 4 s: 240 J dynamic; then shared 1/4 to 3/4 for 6 s: 90 and 270 J."""
    found = shared(life(1, 0, None, 1, gpus={0: 0.25}), life(2, 4, None, 1, gpus={0: 0.75}))
    assert gpu_j(found, 1) == pytest.approx((100, 240 + 90))
    assert gpu_j(found, 2) == pytest.approx((400 * 0.75 * 0.6, 270))


def test_rest_goes_with_shares_and_with_the_dynamic_energy() -> None:
    """Model: 30 W base, 0.1 of the dynamic 600 J. Only the board has a maximum: w is its share."""
    model = NodeModel("m", gpu_idle_w=40.0, gpu_max_w=300.0, rest_base_w=30.0, rest_ratio=0.1)
    rows = node_rows([0, 10], cpu_busy_s=[0.0, 1.0], cpu_energy_j=[0.0, 0.0])
    found = booked(
        [0, 10], node=[rows], gpu=[gpu_rows([0, 10], energy_j=[0.0, 1000.0])],
        lives=[life(1, 0, None, 8, gpus={0: 0.25}), life(2, 0, None, 1, gpus={0: 0.5})], model=model,
        job=[job_rows(1, [0, 10], [0.0, 1.0])],
    )  # fmt: skip
    assert found.energy_j(1, "rest", "static") == pytest.approx(75)  # 300 J * 1/4
    assert found.energy_j(2, "rest", "static") == pytest.approx(150)
    assert found.energy_j(IDLE, "rest", "static") == pytest.approx(75)
    assert found.energy_j(1, "rest", "dynamic") == pytest.approx(20)  # 0.1 * 600 J / 3
    assert found.energy_j(IDLE, "rest", "dynamic") == 0


def test_shares_of_each_slot_sum_to_what_is_held_of_it() -> None:
    """Slot 0: 0.2 * 1 and 0.3 * 0.5, so 4/7 and 3/7. Slot 1: nobody. Slot 2: a known activity of 0, by share."""
    dynamic, free, guessed = by_activity(
        np.array([0.2, 0.3, 0.6]), np.array([np.nan, 0.5, 0.0]), np.array([0, 0, 2]), np.array([0.5, 1.0, 0.4])
    )
    assert dynamic.tolist() == pytest.approx([4 / 7, 3 / 7, 0.6])
    assert free.tolist() == pytest.approx([0.0, 1.0, 0.4])
    assert guessed.tolist() == [True, True, False]
