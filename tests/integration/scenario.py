"""What three users run on the mini cluster, with an agent, the server and slurmctld restarted in the middle."""

import signal
import time
from dataclasses import dataclass

from site_fixture import Site, wait_for

LONG_S = 45

BURN = """python3 - <<'PY'
import multiprocessing, time
def burn():
    end = time.time() + {seconds}
    while time.time() < end: pass
workers = [multiprocessing.Process(target=burn) for _ in range({workers})]
[w.start() for w in workers]; [w.join() for w in workers]
PY
{then}"""

CHILDREN = f"end=$(( $(date +%s) + {LONG_S + 30} )); while [ $(date +%s) -lt $end ]; do /bin/true; done"
"""Of so many small processes Slurm's TotalCPU tells whole seconds too much. It ends well after the short job: where
both end together on a machine with fewer CPUs than the nodes pretend, that is possible and takes from the short one."""


def burn(workers: int, seconds: float = LONG_S, then: str = "") -> str:
    return BURN.format(workers=workers, seconds=seconds, then=then)


@dataclass
class Jobs:
    """Ids of the jobs that ran, by what they are."""

    burner: int
    sleeper: int
    array: int
    sharing: tuple[int, int]
    crowd: tuple[int, int, int]
    failing: int
    cancelled: int
    children: int
    short: int


def run(site: Site) -> Jobs:
    """Submit everything, restart things in the middle, wait for the end of the last job."""
    n01, n02 = site.cluster.nodes[:2]

    def submit(user: str, name: str, cpus: int, command: str, *options: str) -> int:
        words = ("-J", name, "-n1", f"-c{cpus}", "-t5", "--mem=1G", *options, "--wrap", command)
        return site.cluster.sbatch(user, *words)

    jobs = Jobs(
        burner=submit("alice", "burner", 2, burn(2), "-w", n01),
        sleeper=submit("bob", "sleeper", 8, f"sleep {LONG_S + 10}", "-w", n02),
        array=submit("carol", "array", 1, burn(1), "-w", n01, "--array=0-3"),
        sharing=(
            submit("carol", "sharing-1", 2, burn(1), "-p", "gpu"),
            submit("bob", "sharing-2", 1, f"sleep {LONG_S}", "-p", "gpu"),
        ),
        crowd=(
            submit("alice", "crowd-1", 8, burn(1), "-p", "shared"),
            submit("bob", "crowd-2", 8, burn(2), "-p", "shared"),
            submit("carol", "crowd-3", 4, f"sleep {LONG_S}", "-p", "shared"),
        ),
        failing=submit("bob", "failing", 1, burn(1, then="exit 3"), "-p", "gpu"),
        cancelled=submit("alice", "cancelled", 1, burn(1, 600), "-w", n01),
        children=submit("carol", "children", 1, CHILDREN, "-p", "gpu"),
        short=0,
    )
    site.cluster.wait_job(jobs.burner, "RUNNING")
    time.sleep(8)
    disturb(site)
    jobs.short = submit("alice", "short", 1, burn(1, 1.2), "-p", "gpu")
    time.sleep(LONG_S - 15)
    site.cluster.run_as("alice", "/usr/bin/scancel", str(jobs.cancelled))
    wait_for("the end of all jobs", lambda: not running(site), 120, site.logs)
    return jobs


def disturb(site: Site) -> None:
    """Restart an agent, kill the server and start it again, restart slurmctld."""
    node = site.cluster.nodes[0]
    site.stop_agent(node)
    site.start_agent(node)
    site.stop_server(signal.SIGKILL)
    time.sleep(3)
    site.start_server()
    site.cluster.restart_slurmctld()


def running(site: Site) -> list[str]:
    """Ids of jobs that Slurm has not finished."""
    done = site.cluster.run_as("alice", "/usr/bin/squeue", "-h", "-o", "%A")
    return done.stdout.split()
