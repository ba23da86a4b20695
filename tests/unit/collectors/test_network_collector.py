from collections.abc import Callable
from pathlib import Path

import pytest

from collectors.context import Context
from collectors.network import Network, parse_net_dev
from maxwatt.domain.errors import NoData, SourceError

Tree = Callable[[str], Path]
Made = Callable[..., Context]


def read(context: Context) -> tuple[float, float]:
    (row,) = Network(context).collect()
    return row.fields["network_received_bytes_total"], row.fields["network_sent_bytes_total"]


def test_adapters_count_once_and_ports_in_words_of_four_bytes(tree: Tree, context: Made) -> None:
    # eno1 + eno2 + one InfiniBand port; not lo, not the bond of both, not IP over InfiniBand, not the port on Ethernet
    received = 5_000_000 + 1_000_000 + 4 * 250_000_000
    sent = 3_000_000 + 500_000 + 4 * 125_000_000
    assert read(context(tree("cgroup_v2"))) == (received, sent)


def test_an_adapter_that_comes_later_counts(tree: Tree, context: Made) -> None:
    root = tree("cgroup_v2")
    network = Network(context(root))
    (before,) = network.collect()
    table = root / "proc/net/dev"
    table.write_text(table.read_text() + "  eno3: 11 0 0 0 0 0 0 0 7 0 0 0 0 0 0 0\n")
    (root / "sys/class/net/eno3/device").mkdir(parents=True)
    (root / "sys/class/net/eno3/type").write_text("1\n")
    (after,) = network.collect()
    assert [after.fields[name] - value for name, value in before.fields.items()] == [11, 7]


def test_a_node_without_adapters_is_no_data(tree: Tree, context: Made, tmp_path: Path) -> None:
    (tmp_path / "proc/net").mkdir(parents=True)
    (tmp_path / "proc/net/dev").write_text("a\nb\n    lo: 1 0 0 0 0 0 0 0 1 0 0 0 0 0 0 0\n")
    with pytest.raises(NoData):
        Network(context(tmp_path)).collect()


@pytest.mark.parametrize("line", [b"eno1 5 5", b"eno1: 1 2 3", b"eno1: x 0 0 0 0 0 0 0 1 0 0 0 0 0 0 0"])
def test_a_torn_table_is_a_fault_that_names_it(line: bytes) -> None:
    with pytest.raises(SourceError, match="/proc/net/dev"):
        list(parse_net_dev(b"head\nhead\n" + line + b"\n"))


def test_names_with_a_colon_are_read() -> None:
    assert list(parse_net_dev(b"h\nh\n eth0:1: 5 0 0 0 0 0 0 0 6 0 0 0 0 0 0 0\n")) == [("eth0:1", (5, 6))]
