"""Which of slurmrestd's paths are asked."""

import pytest

from aggregator.sources.jobs.rest_paths import Paths, choose_paths
from maxwatt.domain.errors import SourceError


def openapi(*paths):
    return {"paths": {path: {} for path in paths}}


def offering(*versions):
    kinds = ("slurm/v0.0.{}/jobs", "slurm/v0.0.{}/nodes", "slurmdb/v0.0.{}/jobs")
    return openapi(*(f"/{kind.format(version)}" for version in versions for kind in kinds))


@pytest.mark.parametrize(
    ("versions", "chosen"),
    [
        ((36, 37, 38), 38),  # Slurm 22.05
        ((38, 39), 38),  # 23.02: recorded before not recorded
        ((39, 40), 40),
        ((39, 40, 41), 41),
        ((40, 41, 42), 42),
        ((41, 42, 43), 42),
        ((43, 44, 45, 46), 45),  # one of tomorrow beside one that is known
    ],
)
def test_the_best_version_that_both_know(versions, chosen):
    assert choose_paths(offering(*versions)) == Paths(
        f"/slurm/v0.0.{chosen}/jobs", f"/slurm/v0.0.{chosen}/nodes", f"/slurmdb/v0.0.{chosen}/jobs"
    )


def test_paths_are_asked_as_the_server_writes_them():
    assert choose_paths(openapi("/slurm/v0.0.42/jobs/", "/slurm/v0.0.42/job/{job_id}")) == Paths("/slurm/v0.0.42/jobs/")


def test_a_server_without_accounting_still_serves_the_rest():
    assert choose_paths(openapi("/slurm/v0.0.38/jobs", "/slurm/v0.0.38/nodes")).accounting == ""


def test_only_versions_of_tomorrow():
    with pytest.raises(SourceError, match=r"only v0\.0\.46, v0\.0\.47"):
        choose_paths(offering(46, 47))


@pytest.mark.parametrize("document", [None, [], "x", {}, {"paths": []}, {"paths": {"/slurm/v0.0.x/jobs": {}}}])
def test_a_document_that_is_none(document):
    with pytest.raises(SourceError, match="neither jobs nor nodes"):
        choose_paths(document)
