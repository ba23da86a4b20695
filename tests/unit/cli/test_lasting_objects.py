"""Garbage is looked for among what came after the server's start only, and everywhere again after its end."""

import gc
import weakref

import pytest

from maxwatt.cli._server import lasting_objects


class Knot:
    """Refers to itself: only a look for garbage frees it."""

    def __init__(self) -> None:
        self.itself = self


def test_what_was_there_is_not_looked_at_and_what_comes_is() -> None:
    before = Knot()
    seen_before, lasting = weakref.ref(before), gc.get_freeze_count
    with pytest.raises(ZeroDivisionError), lasting_objects():
        assert lasting() > 1000
        seen_later = weakref.ref(Knot())
        del before
        gc.collect()
        assert seen_later() is None
        assert seen_before() is not None
        raise ZeroDivisionError
    gc.collect()
    assert lasting() == 0
    assert seen_before() is None
