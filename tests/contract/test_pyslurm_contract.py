"""pyslurm as a source, against a module with the attributes of pyslurm 25.11.2 that holds what Slurm 25.11 told."""

import sys

import pytest
from slurm_stand_ins import document, pyslurm_module

from aggregator.sources.jobs import slurm_json
from aggregator.sources.jobs.registry import live_source
from maxwatt.config import parse
from maxwatt.domain.errors import ConfigError
from maxwatt.domain.jobs import Allocation

GPU_LIVE = {"job_state": ["RUNNING"], "gres_detail": ["gpu:a100:2(IDX:0,3)"]}


@pytest.fixture
def settings(tmp_path, monkeypatch):
    (tmp_path / "slurm.conf").touch()
    monkeypatch.setenv("SLURM_CONF", "/none")  # which the source sets, and the test's end puts back
    return parse(f'[cluster]\nname = "maxwell"\n[slurm]\nlive = "pyslurm"\nconf = "{tmp_path}/slurm.conf"\n')


@pytest.fixture
def module(monkeypatch):
    """A function that puts the module in place; jobs of the recording may be changed."""

    def put(**changed):
        jobs = document("scontrol-2511")
        jobs["jobs"] = [job | changed.get(job["name"], {}) for job in jobs["jobs"]]
        found = pyslurm_module(jobs, document("nodes-2605"))
        monkeypatch.setitem(sys.modules, "pyslurm", found)
        return found

    return put


def test_its_objects_read_as_scontrol_s_json_does(settings, module):
    """But for the GPUs of jobs that are over: pyslurm tells them by their indices, which Slurm has forgotten then."""
    module()
    snapshot = live_source(settings).snapshot()
    told = {job.key: job for job in slurm_json.parse_scontrol_jobs(document("scontrol-2511"), "maxwell", "pyslurm")[0]}
    found = {job.key: job for job in snapshot.jobs}
    assert found.keys() == told.keys() and len(told) >= 12
    for key, job in found.items():
        differs = {name for name in job.__slots__ if getattr(job, name) != getattr(told[key], name)}
        assert differs == ({"gpu_count"} if told[key].gpu_count else set()), job.name
    assert snapshot.nodes == tuple(slurm_json.parse_scontrol_nodes(document("nodes-2605"))[0])
    assert snapshot.faults == ()


def test_a_running_job_has_its_gpus(settings, module):
    module(gpu=GPU_LIVE)
    job = next(job for job in live_source(settings).snapshot().jobs if job.name == "gpu")
    assert job.allocations == (Allocation("max-wng001", 8, 16384 << 20, (0, 3)),)
    assert (job.gpu_count, job.end_ms) == (2, None)


def test_cpus_of_a_node_are_its_cores_times_the_threads_of_the_whole_job(settings, module):
    """`ok` has 4 CPUs on 2 cores of a node with two threads a core."""
    layout = next(job for job in module().Jobs.load().values() if job.name == "ok").get_resource_layout_per_node()
    assert layout["max-wn001"]["cpu_ids"] == "0-1"
    job = next(job for job in live_source(settings).snapshot().jobs if job.name == "ok")
    assert [held.cpus for held in job.allocations] == [4]


def test_an_object_that_tells_something_else_is_a_fault_and_the_rest_goes_on(settings, module):
    found = module()
    jobs = found.Jobs.load()
    del jobs[0].cpus
    jobs[1].get_resource_layout_per_node = lambda: {"max-wn001": {"cpu_ids": "x", "gres": {}, "memory": 1}}
    found.Jobs.load = lambda: jobs
    snapshot = live_source(settings).snapshot()
    assert len(snapshot.faults) == 2
    assert len(snapshot.jobs) >= 12


def test_without_pyslurm_the_setting_is_told(settings, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyslurm", None)
    with pytest.raises(ConfigError, match=r"slurm\.live is pyslurm, but it cannot be imported"):
        live_source(settings)


def test_without_slurm_conf_it_is_not_imported_for_that_would_end_the_process(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyslurm", None)
    settings = parse(f'[slurm]\nlive = "pyslurm"\nconf = "{tmp_path}/none.conf"\n')
    with pytest.raises(ConfigError, match=r"no slurm\.conf at .*none\.conf"):
        live_source(settings)
