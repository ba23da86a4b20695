"""The node model's one formula."""

from maxwatt.domain.node_model import NodeModel


def test_cpu_power_is_linear_in_utilisation():
    model = NodeModel("m", cpu_idle_w=100.0, cpu_max_w=400.0)
    # 100 W + (400 W - 100 W) * 0.25 = 175 W
    assert model.cpu_power_w(0.25) == 175.0
    assert model.cpu_power_w(0.0) == 100.0
