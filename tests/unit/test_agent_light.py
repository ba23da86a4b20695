"""The agent must stay light: what it imports is watched, after it really read a tree, served and pushed."""

import subprocess
import sys
from pathlib import Path

TREE = Path(__file__).parents[1] / "fixtures" / "sysfs" / "intel"

FORBIDDEN = [
    *("numpy", "pandas", "pyarrow", "duckdb", "sqlalchemy", "influxdb_client", "requests"),
    *("flask", "werkzeug", "dash", "plotly", "waitress", "rich"),
    *("aggregator", "dash_app", "exporters.site"),
]

PROGRAM = """
import sys
from pathlib import Path
from maxwatt.cli import main

assert main(["agent", "--once", "--root", sys.argv[1], "--node", "n1"]) == 0

import exporters.node.delivery, exporters.node.latest, exporters.node.prometheus
from exporters.node.line_protocol import format_lines
from exporters.node.push import Push
from exporters.node.spool import Spool

Push("http://127.0.0.1:9").send(b"node,node=a cpu_count=1i 1")
Spool(Path(sys.argv[2]), 1000).append(b"a")
loaded = [name for name in sys.argv[3:] if name in sys.modules]
assert not loaded, loaded
"""


def test_the_agent_loads_nothing_that_the_server_needs(tmp_path: Path) -> None:
    words = [sys.executable, "-c", PROGRAM, str(TREE), str(tmp_path), *FORBIDDEN]
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "cpu_energy_joules_total" in done.stdout


def test_one_reading_does_without_the_http_and_metrics_libraries() -> None:
    program = (
        "import sys; from maxwatt.cli import main; main(['agent', '--once', '--root', sys.argv[1]]); "
        "assert not {'prometheus_client', 'http.client', 'ssl', 'asyncio'} & sys.modules.keys()"
    )
    words = [sys.executable, "-c", program, str(TREE)]
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
