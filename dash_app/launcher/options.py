"""The one place that says what an application asks of the hub's spawner."""

from collections.abc import Mapping

from maxwatt.config import Application


def user_options(application: Application) -> Mapping[str, str]:
    """`user_options` of a start: names as batchspawner's templates have them, each value one word.

    See deploy/jupyterhub/jupyterhub_config.py, which takes these and no others.
    """
    options = {
        "application": application.name,
        "nprocs": str(application.cpus),
        "memory": f"{application.memory_mib}M",
        "runtime": str(application.time_min),  # minutes, as sbatch reads a plain number
        "partition": application.partition,
        "gres": f"gpu:{application.gpus}" if application.gpus else "",
    }
    return {name: value for name, value in options.items() if value}
