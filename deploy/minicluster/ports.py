"""Free ports on loopback."""

import random
import socket

from deploy.minicluster.faults import ClusterFault


def free_block(count: int, attempts: int = 50) -> int:
    """First of `count` consecutive ports that nobody listens on, below the range that clients are given.

    Raises:
        ClusterFault: no such block was found.
    """
    for _ in range(attempts):
        first = random.randrange(10_000, 30_000, count)
        if all(_is_free(port) for port in range(first, first + count)):
            return first
    raise ClusterFault(f"found no {count} consecutive free ports on 127.0.0.1 between 10000 and 30000")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
