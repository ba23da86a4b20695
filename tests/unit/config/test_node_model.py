"""The node model's formula, and what the configuration takes for it."""

import pytest

from maxwatt.config import parse
from maxwatt.domain.errors import ConfigError
from maxwatt.domain.node_model import NodeModel


def test_cpu_power_is_linear_in_utilisation():
    model = NodeModel("m", cpu_idle_w=100.0, cpu_max_w=400.0)
    # 100 W + (400 W - 100 W) * 0.25 = 175 W
    assert model.cpu_power_w(0.25) == 175.0
    assert model.cpu_power_w(0.0) == 100.0


def test_boards_divided_by_mig():
    text = '[[node_models]]\nname = "m"\nnodes = "n1"\nmig_slices = {}\n'
    assert parse(text.format('["1,1,2", "7"]')).node_models[0].mig_slices == ("1,1,2", "7")
    for wrong in ('["1g.5gb"]', '[""]', '["1,,1"]', '["0"]'):
        with pytest.raises(ConfigError, match=r"line 4: .*mig_slices must hold a text such as"):
            parse(text.format(wrong))
