"""Nodes, jobs, joules and meters, invented; needs numpy only and shares no code with the method that it tests."""
