"""How sure a booking is: each cause by itself, worked out by hand."""

import math
from typing import Any

import numpy as np
import pytest
from kernel_case import booked, job_rows, life, node_rows

from aggregator.kernel.evidence import EDGE_S, IDLE, RELATIVE, SPREAD, Doubts, uncertainty
from aggregator.kernel.sheet import CPU, DYNAMIC, GPU, REST, STATIC
from maxwatt.domain.energy import EVIDENCE, Account, Evidence

COUNTED = EVIDENCE.index(Evidence.COUNTED)
MODELLED = EVIDENCE.index(Evidence.MODELLED)


def doubts(
    *energies: dict[tuple[int, int], float], kinds: dict[int, float] | None = None, slot: Any = 0, **values: Any
) -> Doubts:
    """Bookings with some energy each; all of it counted where no kinds are given."""
    count = len(energies)
    energy_j, evidence_j = np.zeros((count, 4, 2)), np.zeros((count, len(EVIDENCE)))
    for row, parts in enumerate(energies):
        for (component, part), amount_j in parts.items():
            energy_j[row, component, part] = amount_j
    evidence_j[:, COUNTED] = energy_j.sum(axis=(1, 2))
    for kind, amount_j in (kinds or {}).items():
        evidence_j[:, kind] = amount_j
    given = {"used_s": 0.0, "crowd_s": 0.0, "held_s": 0.0, "edges": 0, "interval_s": 10.0} | values
    columns = {name: np.broadcast_to(np.array(value), (count,)).copy() for name, value in given.items()}
    return Doubts(energy_j, evidence_j, np.broadcast_to(np.array(slot), (count,)), **columns)


def stated_j(found: Doubts, row: int = 0) -> float:
    """Absolute uncertainty without what the kinds of evidence add."""
    relative = uncertainty(found)[row]
    size = np.abs(found.evidence_j[row])
    kinds = size @ np.array([RELATIVE[kind] for kind in EVIDENCE])
    return math.sqrt((relative * size.sum()) ** 2 - kinds**2)


def test_kinds_add_up_by_their_shares() -> None:
    """60 J counted (3 %) and 40 J modelled (30 %): 1.8 + 12 of 100 J."""
    found = doubts({(CPU, STATIC): 100}, kinds={COUNTED: 60, MODELLED: 40})
    assert uncertainty(found)[0] == pytest.approx(0.138)
    assert uncertainty(doubts({}))[0] == 0.0


def test_each_edge_is_worth_a_second_of_what_is_held() -> None:
    """100 J static and 40 J of a board in 20 s: 7 W; two edges in quadrature; dynamic cpu has no edge."""
    found = doubts({(CPU, STATIC): 100, (CPU, DYNAMIC): 500}, held_s=20, edges=2, used_s=1, crowd_s=1)
    moved = IDLE * (100 - 100)  # alone on its node
    assert stated_j(found) == pytest.approx(math.hypot(math.sqrt(2) * EDGE_S * 5, moved))


def test_a_board_is_known_to_the_interval_of_its_counter() -> None:
    """60 J in 30 s of intervals of 10 s: each edge may lose 1/4 * 10 s of the 2.4 W that it then really drew."""
    found = doubts({(GPU, DYNAMIC): 60}, held_s=30, edges=2)
    true_w = 60 / (30 - 2 * 10 / 4)
    assert stated_j(found) == pytest.approx(math.hypot(2 * 10 / 4 * true_w, math.sqrt(2) * EDGE_S * 2))
    brief = doubts({(GPU, DYNAMIC): 60}, held_s=2, edges=2)  # of 5 times as much
    assert stated_j(brief) == pytest.approx(math.hypot(5 * 60, math.sqrt(2) * EDGE_S * 30))
    assert uncertainty(brief)[0] > 1


def test_alone_on_a_node_no_cpu_second_can_be_another_ones() -> None:
    """20 CPU seconds in two intervals, all the node's: s = 1, Q = 1."""
    assert stated_j(doubts({(CPU, DYNAMIC): 100}, used_s=20.0, crowd_s=20.0)) == 0.0


def test_of_two_equal_users_each_is_half_the_mean() -> None:
    """s = 1/2 each, Q = 1/2: sqrt(1 - 1 + 1/2); rest's dynamic part goes with it: 100 + 10 J."""
    parts = {(CPU, DYNAMIC): 100.0, (REST, DYNAMIC): 10.0}
    found = doubts(parts, parts, used_s=10.0, crowd_s=5.0)
    assert stated_j(found, 1) == pytest.approx(SPREAD * 110 * math.sqrt(0.5))


def test_one_of_many_has_nearly_all_of_the_spread() -> None:
    """64 equal users: s = 1/64, Q = 1/64."""
    found = doubts(*[{(CPU, DYNAMIC): 100.0}] * 64, used_s=10.0, crowd_s=10.0 / 64)
    assert stated_j(found) == pytest.approx(SPREAD * 100 * math.sqrt(1 - 1 / 64))


def test_who_was_alone_while_others_shared_is_not_charged_for_them() -> None:
    """In one bucket A had the node for itself, B and C shared it later: Q = (10 + 5 + 5) / 30 is no matter of A's."""
    parts = {(CPU, DYNAMIC): 100.0}
    found = doubts(parts, parts, parts, used_s=10.0, crowd_s=np.array([10.0, 5.0, 5.0]))
    assert stated_j(found, 0) == 0.0
    assert stated_j(found, 1) == pytest.approx(SPREAD * 100 * math.sqrt(2 / 3))


def test_idle_power_moves_from_use_to_allocation() -> None:
    """Node: 300 J static, 400 J dynamic. A: 200 and 100, by use 75 static: 125 J move. Idle: 100 static, no use."""
    found = doubts(
        {(CPU, STATIC): 200, (CPU, DYNAMIC): 100}, {(CPU, DYNAMIC): 300}, {(CPU, STATIC): 100},
        used_s=np.array([1.0, 3.0, 0.0]), crowd_s=np.array([1.0, 3.0, 0.0]),
    )  # fmt: skip
    assert [stated_j(found, row) for row in range(3)] == pytest.approx([IDLE * 125, IDLE * 225, IDLE * 100])
    assert stated_j(doubts({(CPU, STATIC): 200})) == 0.0, "where nothing is dynamic nothing moves"


def test_nodes_and_buckets_are_apart() -> None:
    parts = {(CPU, DYNAMIC): 100.0}
    found = doubts(parts, parts, used_s=10.0, crowd_s=10.0, slot=np.array([0, 1]))
    assert stated_j(found, 0) == stated_j(found, 1) == 0.0


def test_declared_uncertainties_grow_from_the_best_evidence_to_the_model() -> None:
    assert set(RELATIVE) == set(Evidence)
    assert all(0 < value < 1 for value in RELATIVE.values())
    assert RELATIVE[Evidence.COUNTED] == min(RELATIVE.values())
    assert RELATIVE[Evidence.MODELLED] == max(RELATIVE.values())


def test_through_the_kernel() -> None:
    """60 W idle, 1000 J in 10 s, 10 CPU seconds at 40 J: A 6, B 2, system 2; no edges. Static 300, 150, idle 150.

    A: s = .6, Q = .36 + .04 + .04 = .44: mixing .38 * 240 * sqrt(.24). Moved: 300 - 600 * 240 / 400 = -60: 6 J.
    Kinds: 3 %.
    """
    node = node_rows([0, 10], cpu_busy_s=[0.0, 10.0], cpu_energy_j=[0.0, 1000.0])
    found = booked(
        [0, 10], node=[node], job=[job_rows(1, [0, 10], [0.0, 6.0]), job_rows(2, [0, 10], [0.0, 2.0])],
        lives=[life(1, -5, None, 4), life(2, -5, None, 2)],
    )  # fmt: skip
    a_j = math.sqrt((SPREAD * 240 * math.sqrt(0.24)) ** 2 + (IDLE * 60) ** 2 + (0.03 * 540) ** 2)
    assert found.fact(1, "uncertainty") == pytest.approx(a_j / 540)
    system_j = math.sqrt((SPREAD * 80 * math.sqrt(1 - 0.4 + 0.44)) ** 2 + (IDLE * 120) ** 2 + (0.03 * 80) ** 2)
    assert found.fact(Account.SYSTEM, "uncertainty") == pytest.approx(system_j / 80)
    assert found.fact(Account.IDLE, "uncertainty") == pytest.approx(math.hypot(IDLE, 0.03))


def test_an_interval_that_the_window_cuts_counts_whole_for_everybody() -> None:
    """Of the one interval of 10 s the first 4 s are booked alone, or beside the others: the same for each account."""
    node = node_rows([0, 10], cpu_busy_s=[0.0, 10.0], cpu_energy_j=[0.0, 1000.0])
    given = {"job": [job_rows(1, [0, 10], [0.0, 6.0])], "lives": [life(1, -5, None, 4)]}
    alone, beside = (booked(edges, node=[node], **given) for edges in ([0, 4], [0, 4, 10]))
    for who in (1, Account.SYSTEM, Account.IDLE):
        assert alone.fact(who, "uncertainty") == pytest.approx(beside.fact(who, "uncertainty", bucket=0), rel=1e-12)


def test_an_interval_that_is_cut_is_no_less_shared() -> None:
    """As above, but a job without use ends after 5 s, the bucket after 7: s and Q are those of the whole interval."""
    node = node_rows([0, 10], cpu_busy_s=[0.0, 10.0], cpu_energy_j=[0.0, 1000.0])
    found = booked(
        [0, 7, 10], node=[node], job=[job_rows(1, [0, 10], [0.0, 6.0]), job_rows(2, [0, 10], [0.0, 2.0])],
        lives=[life(1, -5, None, 4), life(2, -5, None, 2), life(3, -5, 5, 2, total_cpu_s=0.0)],
    )  # fmt: skip
    mixing_j = SPREAD * 0.7 * 240 * math.sqrt(0.24)
    a_j = math.sqrt(mixing_j**2 + (IDLE * 0.7 * 60) ** 2 + (0.03 * 0.7 * 540) ** 2)
    assert found.fact(1, "uncertainty", bucket=0) == pytest.approx(a_j / (0.7 * 540))
