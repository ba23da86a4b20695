import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporters.node.spool import Spool
from maxwatt.domain.errors import SourceError


def drained(spool: Spool) -> list[bytes]:
    lines = []
    while segment := spool.oldest():
        lines += segment.lines.splitlines()
        spool.acknowledge(segment.number)
    return lines


def test_lines_come_back_in_order(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 10_000)
    wanted = [b"line %d" % n for n in range(200)]
    for line in wanted:
        spool.append(line + b"\n")
    assert len(list(tmp_path.iterdir())) > 1
    assert drained(spool) == wanted
    assert spool.empty and list(tmp_path.iterdir()) == []


def test_a_segment_is_the_same_until_it_is_acknowledged(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 10_000)
    spool.append(b"a\n")
    assert spool.oldest() == spool.oldest()


def test_lines_that_come_after_an_acknowledged_segment_are_kept(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 10_000)
    spool.append(b"a\n")
    segment = spool.oldest()
    assert segment is not None
    spool.acknowledge(segment.number)
    spool.append(b"b\n")
    assert drained(spool) == [b"b"]


def test_a_server_that_stays_away_does_not_make_a_file_per_batch(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 1 << 20)
    for _ in range(50):
        spool.append(b"x" * 100 + b"\n")
        spool.oldest()  # tried, not taken
    assert len(list(tmp_path.iterdir())) == 1


def test_the_next_process_goes_on_behind(tmp_path: Path) -> None:
    first = Spool(tmp_path, 10_000)
    first.append(b"a\n")
    second = Spool(tmp_path, 10_000)
    assert second.size_bytes == 2
    second.append(b"b\n")
    assert drained(second) == [b"a", b"b"]


def test_over_the_bound_the_oldest_go_and_are_counted(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 8_000)
    wanted = [b"%09d" % n for n in range(2_000)]
    for line in wanted:
        spool.append(line + b"\n")
    assert spool.size_bytes <= 8_000
    left = drained(spool)
    assert left == wanted[-len(left) :]
    assert len(left) + spool.dropped_lines == len(wanted)
    assert len(left) >= 600  # at most an eighth goes at once


@given(st.lists(st.integers(1, 400), min_size=1, max_size=60))
@settings(max_examples=30, deadline=None)
def test_no_line_is_lost_uncounted(tmp_path_factory: pytest.TempPathFactory, sizes: list[int]) -> None:
    spool = Spool(tmp_path_factory.mktemp("spool"), 2_000)
    for size in sizes:
        spool.append(b"x" * size + b"\n")
    assert len(drained(spool)) + spool.dropped_lines == len(sizes)


def test_a_torn_last_line_is_cut_off(tmp_path: Path) -> None:
    Spool(tmp_path, 10_000).append(b"a 1\nb 2\n")
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-2])
    spool = Spool(tmp_path, 10_000)
    spool.append(b"c 3\n")
    assert drained(spool) == [b"a 1", b"c 3"]


@pytest.mark.parametrize("content", [b"", b"torn"])
def test_a_segment_without_a_whole_line_is_passed_over(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "000000000001.lines").write_bytes(content)
    spool = Spool(tmp_path, 10_000)
    spool.append(b"a\n")
    assert drained(spool) == [b"a"]


def test_files_of_others_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "README").write_text("mine")
    assert Spool(tmp_path, 10_000).empty
    assert (tmp_path / "README").exists()


def test_a_segment_that_somebody_removed_is_passed_over(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 10_000)
    spool.append(b"a\n")
    next(tmp_path.iterdir()).unlink()
    assert spool.oldest() is None


def test_a_folder_that_cannot_be_used_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SourceError):
        Spool(tmp_path / "file" / "spool", 10_000)


KILLED = """
import os, signal, sys
from pathlib import Path
from exporters.node.spool import Spool
spool = Spool(Path(sys.argv[1]), 1 << 20)
for n in range(500):
    spool.append(b"%d\\n" % n)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_loses_nothing_it_appended(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False, timeout=60)
    assert drained(Spool(tmp_path, 1 << 20)) == [b"%d" % n for n in range(500)]
