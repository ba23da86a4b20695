"""Slurm's text values."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.sources.jobs import values
from maxwatt.domain.errors import InputError
from maxwatt.domain.jobs import JobState

UTC = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "zone", "expected_ms"),
    [
        ("1795337851", BERLIN, 1795337851000),
        ("2026-11-22T08:57:31", UTC, 1795337851000),
        ("2026-11-22T09:57:31", BERLIN, 1795337851000),
        ("2026-11-22T09:57:31+01:00", UTC, 1795337851000),
        ("2026-11-22T08:57:31Z", BERLIN, 1795337851000),
        ("2026-07-01T12:00:00", BERLIN, 1782900000000),
        ("Unknown", UTC, None),
        ("None", UTC, None),
        ("N/A", UTC, None),
        ("", UTC, None),
        ("0", UTC, None),
    ],
)
def test_times(text, zone, expected_ms):
    assert values.parse_time_ms(text, zone) == expected_ms


@pytest.mark.parametrize("text", ["2026-10-25T02:30:00", "2026-03-29T02:30:00"])
def test_a_local_time_that_the_change_of_clocks_makes_unclear_is_refused(text):
    with pytest.raises(InputError, match="SLURM_TIME_FORMAT"):
        values.parse_time_ms(text, BERLIN)


@pytest.mark.parametrize("text", ["yesterday", "-5", "1.5", "99999999999999", "2026-13-01T00:00:00", "٣"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(InputError):
        values.parse_time_ms(text, UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("00:05:00", 300),
        ("1-02:03:04", 93784),
        ("00:00.894", 0.894),
        ("01:02.500", 62.5),
        ("12:34:56.789", 45296.789),
        ("UNLIMITED", None),
        ("Partition_Limit", None),
        ("", None),
    ],
)
def test_durations(text, seconds):
    assert values.parse_duration_s(text) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize("text", ["5", "1:2:3:4", "x", "-1:00", "00:00:0x"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(InputError):
        values.parse_duration_s(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("48000Mn", (48000 << 20, "n")),
        ("4Gc", (4 << 30, "c")),
        ("2000M", (2000 << 20, "")),
        ("3368K", (3368 << 10, "")),
        ("1T", (1 << 40, "")),
        ("62.50G", (64000 << 20, "")),
        ("100", (100 << 20, "")),
        ("", None),
    ],
)
def test_memory(text, size):
    assert values.parse_memory(text) == size


@pytest.mark.parametrize("text", ["4X", "-1G", "G", "4 G"])
def test_what_is_no_memory_is_refused(text):
    with pytest.raises(InputError):
        values.parse_memory(text)


def test_gpus_stand_twice_in_a_tres_text_and_count_once():
    tres = values.parse_tres("billing=2,cpu=2,gres/gpu:a100=2,gres/gpu=2,mem=2000M,node=1")
    assert tres == values.Tres(cpus=2, nodes=1, memory_bytes=2000 << 20, gpus=2)


def test_typed_gpus_without_their_total_are_summed():
    assert values.parse_tres("gres/gpu:a100=2,gres/gpu:v100=1").gpus == 3


def test_missing_resources_are_unknown_and_not_zero():
    assert values.parse_tres("") == values.Tres(None, None, None, None)
    assert values.parse_tres("billing=1").gpus is None


@pytest.mark.parametrize("text", ["cpu", "cpu=x", "=2", "cpu=2,,mem=1M", "mem=much"])
def test_what_is_no_tres_is_refused(text):
    with pytest.raises(InputError):
        values.parse_tres(text)


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("COMPLETED", JobState.COMPLETED),
        ("CANCELLED by 1234", JobState.CANCELLED),
        ("CANCELLED+", JobState.CANCELLED),
        ("COMPLETING", JobState.UNKNOWN),
        ("CONFIGURING", JobState.RUNNING),
        ("OUT_OF_MEMORY", JobState.OUT_OF_MEMORY),
        ("REQUEUE_HOLD", JobState.REQUEUED),
    ],
)
def test_states(text, state):
    assert values.parse_state(text) is state


@pytest.mark.parametrize("text", ["", "COMPLETD", "completed", "7", "IDLE+DRAIN"])
def test_what_is_no_job_state_is_refused(text):
    with pytest.raises(InputError):
        values.parse_state(text)


def test_exit_codes():
    assert values.parse_exit("3:0") == (3, 0)
    assert values.parse_exit("0:11") == (0, 11)
    assert values.parse_exit("") == (None, None)
    with pytest.raises(InputError):
        values.parse_exit("3")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("123", values.JobId(123)),
        ("123_4", values.JobId(123, task=4, plain=False)),
        ("123_[5-9%2]", values.JobId(123, plain=False)),
        ("12+1", values.JobId(12, het_offset=1, plain=False)),
        ("123.batch", values.JobId(123, step="batch")),
        ("123_4.0", values.JobId(123, task=4, step="0", plain=False)),
        ("12+0.extern", values.JobId(12, het_offset=0, step="extern", plain=False)),
    ],
)
def test_job_ids(text, expected):
    assert values.parse_job_id(text) == expected


@pytest.mark.parametrize("text", ["", "x", "1_", "12345678901", "1+", "1_[2", "-1"])
def test_what_is_no_job_id_is_refused(text):
    with pytest.raises(InputError):
        values.parse_job_id(text)


_PARSERS = [
    lambda text: values.parse_time_ms(text, BERLIN),
    values.parse_duration_s,
    values.parse_memory,
    values.parse_tres,
    values.parse_state,
    values.parse_exit,
    values.parse_job_id,
]


@given(
    st.one_of(st.text(max_size=30), st.text(alphabet="0123456789:.-+_[]%TMGKcn=,/ gpu", max_size=30)),
    st.sampled_from(_PARSERS),
)
def test_any_text_gives_a_value_or_an_input_error(text, parse):
    try:
        parse(text)
    except InputError as error:
        assert error.message
