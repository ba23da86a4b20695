import pytest

from collectors.memory import parse_meminfo
from maxwatt.domain.errors import SourceError


def test_used_is_total_minus_available() -> None:
    fields = parse_meminfo(b"MemTotal:  1000 kB\nMemFree:  10 kB\nMemAvailable:   400 kB\nHugePages_Total: 0\n")
    assert fields == {"memory_total_bytes": 1000 * 1024, "memory_used_bytes": 600 * 1024}


def test_without_available_used_is_missing_and_not_guessed() -> None:
    assert parse_meminfo(b"MemTotal:  1000 kB\nMemFree:  10 kB\n") == {"memory_total_bytes": 1000 * 1024}


def test_without_total_it_is_a_fault() -> None:
    with pytest.raises(SourceError):
        parse_meminfo(b"MemAvailable:  10 kB\n")
