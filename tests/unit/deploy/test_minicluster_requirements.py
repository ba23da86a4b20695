"""What the mini cluster says when the machine cannot carry it."""

from deploy.minicluster import requirements


def test_a_root_that_is_no_mount_point_is_told(tmp_path):
    table = tmp_path / "mountinfo"
    table.write_text("21 1 0:19 / /proc rw - proc proc rw\n30 1 8:1 / /sys rw - sysfs sysfs rw\n")
    assert "mount --bind" in requirements._no_mounts(table)[0]
    table.write_text("21 1 8:1 /srv/root / rw - ext4 /dev/sda rw\n")
    assert requirements._no_mounts(table) == []


def test_missing_controllers_are_named(tmp_path):
    for name, file in list(requirements.CONTROLLERS.items())[1:]:
        (tmp_path / name).mkdir()
        (tmp_path / name / file).touch()
    (fault,) = requirements._controllers(tmp_path)
    assert "cpuacct" in fault and "memory" not in fault.split("below")[0]
