"""What is read on a node: one source a file, gathered by the registry and run by the runner."""
