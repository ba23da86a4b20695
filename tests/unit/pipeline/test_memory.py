"""Memory that a booking gives free stays with the process, where the C library can be told so."""

import platform
import resource
import subprocess
import sys

import pytest

FAULTS = """
import resource, numpy as np
from aggregator.pipeline.memory import keep_freed_memory
if {kept}:
    assert keep_freed_memory()
for _ in range(5):
    np.ones(1_000_000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(50):
    np.ones(1_000_000), np.ones(1_000_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")
def test_arrays_that_come_and_go_fetch_no_new_pages() -> None:
    pages_an_array = 8_000_000 // resource.getpagesize()
    assert faults(kept=True) < 5 * pages_an_array  # of a hundred arrays


def faults(*, kept: bool) -> int:
    """Page faults of a process that makes a hundred arrays of 8 MB."""
    found = subprocess.run([sys.executable, "-c", FAULTS.format(kept=kept)], check=True, capture_output=True, text=True)
    return int(found.stdout)
