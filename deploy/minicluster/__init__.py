"""A real Slurm cluster on one machine, whose nodes have simulated power. See docs/minicluster.md."""
