from collections.abc import Callable
from pathlib import Path

import pytest

from collectors.context import Context
from collectors.cpu import Cpu, parse_stat
from maxwatt.domain.errors import SourceError

#        user nice system idle iowait irq softirq steal guest guest_nice
TOTAL = b"cpu  100 20 30 999 888 4 6 777 50 10\n"


def test_busy_is_user_nice_system_irq_softirq_and_nothing_else() -> None:
    assert parse_stat(TOTAL + b"cpu0 1 2\n", 100)["cpu_busy_seconds_total"] == (100 + 20 + 30 + 4 + 6) / 100


def test_only_cpus_with_a_line_are_online() -> None:
    assert parse_stat(TOTAL + b"cpu0 1 2\ncpu3 1 2\ncpu11 1 2\nintr 1 cpu 2\n", 100)["cpu_count"] == 3


@pytest.mark.parametrize(
    "text", [b"", b"cpu  1 2 3\ncpu0 1\n", b"intr 1 2 3 4 5 6 7 8\ncpu0 1", TOTAL, b"cpu a b c d e f g\ncpu0 1\n"]
)
def test_a_text_that_is_no_stat_is_a_fault(text: bytes) -> None:
    with pytest.raises(SourceError, match="/proc/stat"):
        parse_stat(text, 100)


def test_from_a_tree(tree: Callable[[str], Path], context: Callable[..., Context]) -> None:
    (row,) = Cpu(context(tree("no_rapl"))).collect()
    assert (row.measurement, row.tags) == ("node", {"node": "n1"})
    assert row.fields["cpu_count"] == 4
