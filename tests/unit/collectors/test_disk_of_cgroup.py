from pathlib import Path

import pytest

from collectors.disk import Level, disk_fields, levels, parse_io_stat
from maxwatt.domain.errors import SourceError

LEVELS: dict[str, Level] = {"8:0": "disk", "8:16": "disk", "253:0": "between", "253:1": "top"}


def fields(tmp_path: Path, text: str) -> dict[str, float]:
    path = tmp_path / "io.stat"
    path.write_text(text)
    return disk_fields(str(path), LEVELS.__getitem__)


def test_disks_are_added(tmp_path: Path) -> None:
    text = "8:0 rbytes=100 wbytes=10 rios=1 wios=1 dbytes=0 dios=0\n8:16 rbytes=1 wbytes=2 rios=1 wios=1\n"
    assert fields(tmp_path, text) == {"disk_read_bytes_total": 101, "disk_written_bytes_total": 12}


def test_a_volume_and_its_disk_count_once(tmp_path: Path) -> None:
    text = "8:0 rbytes=100 wbytes=10 rios=1 wios=1\n253:1 rbytes=100 wbytes=10 rios=1 wios=1\n"
    assert fields(tmp_path, text) == {"disk_read_bytes_total": 100, "disk_written_bytes_total": 10}


def test_what_an_encrypted_volume_writes_is_not_lost(tmp_path: Path) -> None:
    text = "8:0 rbytes=100 wbytes=0 rios=1 wios=0\n253:0 rbytes=100 wbytes=70\n253:1 rbytes=100 wbytes=70\n"
    assert fields(tmp_path, text) == {"disk_read_bytes_total": 100, "disk_written_bytes_total": 70}


def test_a_device_without_counts_and_an_empty_file_are_nothing_read(tmp_path: Path) -> None:
    assert fields(tmp_path, "7:0\n") == {"disk_read_bytes_total": 0, "disk_written_bytes_total": 0}
    assert fields(tmp_path, "") == {"disk_read_bytes_total": 0, "disk_written_bytes_total": 0}


def test_without_an_io_controller_it_is_unknown(tmp_path: Path) -> None:
    assert disk_fields(str(tmp_path / "io.stat"), LEVELS.__getitem__) == {}


@pytest.mark.parametrize("text", [b"rbytes=1 wbytes=1\n", b"8:0 rbytes=x wbytes=1\n"])
def test_a_torn_line_is_a_fault_that_names_the_file(text: bytes) -> None:
    with pytest.raises(SourceError, match=r"io\.stat"):
        parse_io_stat(text, "a/io.stat")


def test_levels_are_read_from_sys(tmp_path: Path) -> None:
    for folder in ("8:0/slaves", "253:0/slaves/sda3", "253:0/holders/dm-1", "253:1/slaves/dm-0", "253:1/holders"):
        (tmp_path / "dev/block" / folder).mkdir(parents=True)
    level = levels(str(tmp_path))
    assert {device: level(device) for device in ("8:0", "253:0", "253:1", "9:9")} == {
        **{"8:0": "disk", "253:0": "between", "253:1": "top"},
        "9:9": "disk",  # gone since: it bears what it bears
    }
