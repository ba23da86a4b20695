"""Files of job records: plain, gzip, JSON, and what is none of them."""

import gzip
import json
from pathlib import Path

import pytest

from aggregator.sources.jobs.file import read_jobs_file
from maxwatt.domain.errors import InputError
from maxwatt.domain.jobs import JobState

ROWS = "JobIDRaw|Start|State|JobName\n7|1795337851|RUNNING|a\u2028b\x0bc\n8|1795337851|RUNNING|d\n"
FIXTURES = Path(__file__).parents[3] / "fixtures" / "slurm"


def write(tmp_path, content, name="jobs.txt"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_plain_and_gzip_are_the_same(tmp_path):
    plain = read_jobs_file(write(tmp_path, ROWS), "maxwell", "UTC")
    zipped = read_jobs_file(write(tmp_path, gzip.compress(ROWS.encode(), mtime=0), "jobs.gz"), "maxwell", "UTC")
    assert plain == zipped
    assert [record.key.job_id for record in plain[0]] == [7, 8]


def test_line_ends_of_other_systems_and_byte_order_marks_do_no_harm(tmp_path):
    records, faults = read_jobs_file(write(tmp_path, "\ufeff" + ROWS.replace("\n", "\r\n")), "maxwell", "UTC")
    assert len(records) == 2
    assert not faults


def test_json_is_told_by_its_first_sign():
    records, _ = read_jobs_file(FIXTURES / "sacct-2605.json.gz", "maxwell", "UTC")
    assert len(records) == 17


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (gzip.compress(ROWS.encode(), mtime=0)[:-9], "torn"),
        (gzip.compress(ROWS.encode() * 500, mtime=0)[:-30] + b"\0" * 22, "torn"),
        (b"\x1f\x8bnonsense", "torn"),
        (b"\x7fELF\0\0\0", "no text"),
        (b"JobID|Start|State\n\xff\xfe\xfd\n", "UTF-8"),
        (b'{"jobs": [', "JSON"),
        (b'{"jobs": 5}', "no list of jobs"),
        (b"[" * 5, "no column"),
        (b"", "no column"),
    ],
)
def test_what_cannot_be_read_names_the_file(tmp_path, content, what):
    path = write(tmp_path, content)
    with pytest.raises(InputError, match=what) as error:
        read_jobs_file(path, "maxwell", "UTC")
    assert str(path) in str(error.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        read_jobs_file(tmp_path / "none", "maxwell", "UTC")
    with pytest.raises(InputError, match="directory"):
        read_jobs_file(tmp_path, "maxwell", "UTC")


def test_the_json_of_slurm_2205_tells_no_exit_codes():
    records, faults = read_jobs_file(FIXTURES / "sacct-2205.json.gz", "maxwell", "UTC")
    assert (len(records), faults) == (17, [])
    assert {record.exit_code for record in records if record.state is JobState.FAILED} == {None, 0}  # 0 with a signal


def test_an_error_that_slurm_put_into_its_json_is_told(tmp_path):
    path = write(tmp_path, json.dumps({"jobs": [], "errors": [{"description": "database is down"}]}))
    with pytest.raises(InputError, match="database is down"):
        read_jobs_file(path, "maxwell", "UTC")
