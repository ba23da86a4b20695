"""Tags of a job: words of Slurm's comment that are `key=value` or `#word`, as in `--comment="project=alps #test"`."""

import re
from typing import Final

SEPARATORS: Final = (",", ";", "\t", "\n")
"""What stands between words beside the space."""

MAX_TAG: Final = 80
"""A longer word is no tag."""

_TAG: Final = re.compile(r"#[^\s#=]+|[^\s#=]+=[^\s=]+")


def tags_of(comment: str) -> tuple[str, ...]:
    """The tags of a comment in their order, each once."""
    for separator in SEPARATORS:
        comment = comment.replace(separator, " ")
    words = (word for word in comment.split() if is_tag(word))
    return tuple(dict.fromkeys(words))


def is_tag(word: str) -> bool:
    """Whether a word is `key=value` or `#word`."""
    return len(word) <= MAX_TAG and not any(each in word for each in SEPARATORS) and bool(_TAG.fullmatch(word))
