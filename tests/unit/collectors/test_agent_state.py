import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from collectors.state import State, epoch_id, load, read_boot_id


@given(st.text(max_size=40), st.integers(0, 2**63))
def test_an_epoch_id_is_exact_as_a_float(boot_id: str, start_ns: int) -> None:
    identity = epoch_id(boot_id, start_ns)
    assert 0 <= identity < 2**53
    assert int(float(identity)) == identity


def test_epochs_differ_by_boot_and_by_start() -> None:
    assert len({epoch_id(boot, start) for boot in ("a", "b") for start in range(100)}) == 200


def test_sections_and_epoch_come_back(tmp_path: Path) -> None:
    state = load(tmp_path / "s.json", "boot")
    state.section("rapl")["x"] = [1, 2.5]
    state.save()
    again = load(tmp_path / "s.json", "boot")
    assert (again.epoch_id, again.section("rapl")) == (state.epoch_id, {"x": [1, 2.5]})


def test_a_save_replaces_the_file_in_one_step(tmp_path: Path) -> None:
    state = load(tmp_path / "s.json", "boot")
    state.save()
    with (tmp_path / "s.json").open() as reader:
        state.section("rapl")["x"] = "y" * 10_000
        state.save()
        assert json.load(reader)["sections"] == {}  # who has the old file open still reads it whole
    assert [path.name for path in tmp_path.iterdir()] == ["s.json"]


def test_without_a_path_nothing_is_written(tmp_path: Path) -> None:
    State("boot").save()
    assert list(tmp_path.iterdir()) == []


def test_an_epoch_that_is_no_number_is_not_taken(tmp_path: Path) -> None:
    state = load(tmp_path / "s.json", "boot")
    state.save()
    kept = json.loads((tmp_path / "s.json").read_text())
    (tmp_path / "s.json").write_text(json.dumps(kept | {"epoch_id": "7"}))
    assert load(tmp_path / "s.json", "boot").epoch_id not in (7, "7")


def test_the_boot_id_below_a_root(tmp_path: Path) -> None:
    assert read_boot_id(str(tmp_path)) == ""
    folder = tmp_path / "proc/sys/kernel/random"
    folder.mkdir(parents=True)
    (folder / "boot_id").write_text("abc\n")
    assert read_boot_id(f"{tmp_path}/") == "abc"
