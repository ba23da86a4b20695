"""Which words of a comment are tags."""

import pytest

from maxwatt.domain.tags import is_tag, tags_of


@pytest.mark.parametrize(
    ("comment", "tags"),
    [
        ("project=alps #test", ("project=alps", "#test")),
        ("a plain remark, k=v;k=v\t#x\nrest", ("k=v", "#x")),
        ("", ()),
        ("= #= a= =b #", ()),
        ("x=" + "y" * 100, ()),
    ],
)
def test_tags_of(comment: str, tags: tuple[str, ...]) -> None:
    assert tags_of(comment) == tags


def test_a_tag_holds_no_separator() -> None:
    assert is_tag("k=v")
    assert not is_tag("k=v,w")
    assert not is_tag("k=v w")
