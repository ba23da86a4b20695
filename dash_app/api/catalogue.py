"""Every resource of the API: routes, document and tests are made from this."""

from typing import Any, Final

from dash_app.api import cluster, energy, job, job_files, job_series, job_use, jobs, me, my_use, status
from dash_app.api.resource import Resource

RESOURCES: Final[tuple[Resource[Any], ...]] = tuple(
    resource
    for module in (jobs, job_files, job, job_series, job_use, energy, me, my_use, cluster, status)
    for resource in module.RESOURCES
)
