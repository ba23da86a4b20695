"""Slurm host lists to names and back."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maxwatt.domain.errors import InputError
from maxwatt.domain.hostlist import compress, expand


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("max-wn001", ("max-wn001",)),
        ("max-wn[001-003]", ("max-wn001", "max-wn002", "max-wn003")),
        ("max-wn[001-002,7],login1", ("max-wn001", "max-wn002", "max-wn7", "login1")),
        ("a[9-11]", ("a9", "a10", "a11")),
        ("r[1-2]c[01-02]-ib", ("r1c01-ib", "r1c02-ib", "r2c01-ib", "r2c02-ib")),
        ("n1,n1,n[1-2]", ("n1", "n2")),
        ("", ()),
        ("None assigned", ()),
        ("(null)", ()),
    ],
)
def test_expands(text, names):
    assert expand(text) == names


@pytest.mark.parametrize(
    "text", ["a[1-", "a]1[", "a[3-1]", "a[x-y]", "a,,b", "a[1-999999999]", "a b", "a[[1]]", "a[1-2", "n[1,]", ","]
)
def test_refuses_what_is_no_list(text):
    with pytest.raises(InputError):
        expand(text)


def test_a_list_that_would_fill_the_memory_is_refused():
    with pytest.raises(InputError, match="more than"):
        expand("a[1-999]b[1-999]")


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["max-wn001", "max-wn002", "max-wn004"], "max-wn[001-002,004]"),
        (["a9", "a10", "a11"], "a9,a[10-11]"),
        (["login"], "login"),
        (["b", "a"], "a,b"),
        (["n2", "n10", "x", "n1"], "n[1-2],n10,x"),
        ([], ""),
    ],
)
def test_compresses(names, text):
    assert compress(names) == text


_NAMES = st.sets(st.from_regex(r"[a-z]{1,3}-?[0-9]{0,4}", fullmatch=True), max_size=30)


@given(_NAMES)
def test_compressing_loses_nothing(names):
    assert set(expand(compress(names))) == names


@given(st.text(alphabet="ab01[]-,", max_size=20))
def test_any_text_gives_names_or_an_input_error(text):
    with contextlib.suppress(InputError):
        assert all(expand(text))
