"""What leaves a node: line protocol by HTTP, with a spool for bad times, and /metrics. Light: the standard library."""
