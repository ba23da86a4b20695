from pathlib import Path

import pytest

from collectors.files import HeldFile, list_names, parse_int, read_bytes, read_int
from maxwatt.domain.errors import NoData, SourceError


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_a_file_larger_than_one_read_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x" * 200_000)
    assert len(read_bytes(str(tmp_path / "f"))) == 200_000


def test_what_is_not_there_is_no_data(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("1")
    for path in ("none", "file/below"):
        with pytest.raises(NoData):
            read_bytes(str(tmp_path / path))


def test_what_is_there_and_unreadable_is_a_fault_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=str(tmp_path)):
        read_bytes(str(tmp_path))


@pytest.mark.parametrize("text", [b"", b"12 34", b"1.5", b"none"])
def test_what_is_no_number_is_a_fault(text: bytes) -> None:
    with pytest.raises(SourceError, match="energy"):
        parse_int(text, "energy")


def test_a_folder_that_is_not_there_has_no_names(tmp_path: Path) -> None:
    assert list_names(str(tmp_path / "none")) == []


def test_a_held_file_reads_anew_each_time(tmp_path: Path) -> None:
    path = tmp_path / "energy_uj"
    path.write_text("1000\n")
    held = HeldFile(str(path))
    assert held.read_int() == 1000
    path.write_text("7\n")
    assert held.read_int() == 7
    held.close()


def test_a_held_file_that_was_replaced_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "energy_uj"
    path.write_text("1\n")
    held = HeldFile(str(path))
    assert held.read_int() == 1
    (tmp_path / "new").write_text("2\n")
    (tmp_path / "new").rename(path)
    assert held.read_int() == 2
    held.close()


def test_a_held_file_keeps_one_descriptor_and_none_after_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "energy_uj"
    path.write_text("1\n")
    before = open_files()
    held = HeldFile(str(path))
    for _ in range(5):
        held.read_int()
    assert open_files() == before + 1
    path.unlink()
    with pytest.raises(NoData):
        held.read_int()
    assert open_files() == before
    path.write_text("3\n")
    assert held.read_int() == 3
    held.close()


def test_read_int(tmp_path: Path) -> None:
    (tmp_path / "n").write_text(" 42\n")
    assert read_int(str(tmp_path / "n")) == 42
