"""Takes a cluster down, whatever state it is in: half started, running, or crashed."""

import sys
import time
from pathlib import Path

from deploy.minicluster import control, description, leftovers, namespace
from deploy.minicluster.faults import ClusterFault
from deploy.minicluster.plan import Plan
from deploy.minicluster.services import environment
from deploy.minicluster.waiting import output, succeeds, wait_until


def down(folder: Path) -> float:
    """Stop the cluster in `folder`; its files stay until the next `up`. Returns the seconds it took.

    Raises:
        ClusterFault: there is no cluster, or something of it could not be removed.
    """
    start = time.monotonic()
    content = description.read(folder)
    plan = description.plan_of(content)
    running = namespace.find(folder)
    if running is not None:
        _stop(plan, running)
    leftovers.remove(plan.name)
    description.write(folder, content | {"state": "down"})
    return time.monotonic() - start


def _stop(plan: Plan, running: namespace.Namespace) -> None:
    try:
        if "slurmctld" in control.running(plan.folder):
            _cancel_jobs(plan)
        control.ask(plan.folder, {"op": "shutdown"})
    except ClusterFault as fault:
        print(f"not an orderly stop: {fault}", file=sys.stderr)
    if not running.wait_gone(9.0):
        running.kill()


def _cancel_jobs(plan: Plan) -> None:
    """Cancel every job: slurmstepd outlives slurmd and would wait for ever."""
    env = environment(plan)
    queued = (output(["/usr/bin/squeue", "-h", "-o", "%A"], env) or "").split()
    if queued:
        succeeds(["/usr/bin/scancel", *sorted(set(queued))], env, 5.0)
        still = ["/usr/bin/squeue", "-h", "-t", "R,CG,S", "-o", "%A"]
        wait_until("the end of cancelled jobs", lambda: output(still, env) == "", 6.0, 0.1)
