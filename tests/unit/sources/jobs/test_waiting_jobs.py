"""Jobs that wait, from text and JSON of the controller."""

from zoneinfo import ZoneInfo

from aggregator.sources.jobs import slurm_json
from aggregator.sources.jobs.scontrol_text import parse_jobs
from maxwatt.domain.jobs import WaitingJob


def number(value: int) -> dict[str, object]:
    return {"set": True, "infinite": False, "number": value}


ENTRY = {
    "job_id": 7, "user_name": "ada", "name": "md\nprod", "account": "bio", "partition": "main", "qos": "normal",
    "job_state": ["PENDING"], "state_reason": "Resources", "submit_time": number(1000),
    "start_time": number(2000), "time_limit": number(60),
    "cpus": number(64), "node_count": number(2),
    "array_task_string": "5-99%4", "nodes": "",
}  # fmt: skip

TEXT = """JobId=7 ArrayJobId=7 ArrayTaskId=5-99%4 JobName=md
   UserId=ada(1000) GroupId=ada(1000) MCS_label=N/A
   Priority=1 Nice=0 Account=bio QOS=normal
   JobState=PENDING Reason=Resources Dependency=(null)
   Requeue=1 Restarts=0 BatchFlag=1 Reboot=0 ExitCode=0:0
   RunTime=00:00:00 TimeLimit=01:00:00 TimeMin=N/A
   SubmitTime=1970-01-01T00:16:40 EligibleTime=1970-01-01T00:16:40
   StartTime=1970-01-01T00:33:20 EndTime=1970-01-01T01:33:20 Deadline=N/A
   SuspendTime=None SecsPreSuspend=0 LastSchedEval=1970-01-01T00:16:40 Scheduler=Main
   Partition=main AllocNode:Sid=login:1
   NodeList=
   NumNodes=2-2 NumCPUs=64 NumTasks=2 CPUs/Task=1 ReqB:S:C:T=0:0:*:*
   ReqTRES=cpu=64,mem=8G,node=2,billing=64
   AllocTRES=(null)
   Features=(null) DelayBoot=00:00:00
   OverSubscribe=OK Contiguous=0 Licenses=(null) Network=(null)
"""
WAITS = WaitingJob(
    "c", 7, "ada", "md", "bio", "main", "normal", "Resources", 1_000_000, 2_000_000, 3600, 64, 2, "5-99%4"
)


def test_json() -> None:
    running = {**ENTRY, "job_id": 8, "job_state": ["RUNNING"]}
    nameless = {**ENTRY, "job_id": None}
    (found,) = slurm_json.parse_waiting({"jobs": [ENTRY, running, nameless]}, "c")
    assert found.name.startswith("md")
    assert "\n" not in found.name
    assert found == WaitingJob(**{**_fields(WAITS), "name": found.name})


def test_text() -> None:
    parsed = parse_jobs(TEXT, {7}, "c", ZoneInfo("UTC"))
    assert (parsed.records, parsed.faults, parsed.suspects) == ((), (), ())
    assert parsed.waiting == (WAITS,)


def test_a_made_up_job_does_not_wait() -> None:
    forged = TEXT.replace("JobId=7", "JobId=9")
    assert parse_jobs(TEXT + forged, {7, 10}, "c", ZoneInfo("UTC")).waiting == ()


def _fields(job: WaitingJob) -> dict[str, object]:
    return {name: getattr(job, name) for name in job.__dataclass_fields__}
