"""Fixtures of the integration tests."""

from minicluster_fixture import cluster_folder, minicluster

__all__ = ["cluster_folder", "minicluster"]
