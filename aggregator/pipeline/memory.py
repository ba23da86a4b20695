"""Memory of a process that books: kept from piece to piece instead of given back and fetched anew."""

import ctypes
from typing import Final

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3  # M_… of mallopt(3)

KEPT_BYTES: Final = 64 << 20
"""So much free memory is kept."""

ARRAY_BYTES: Final = 16 << 20
"""What is larger still comes fresh, and goes back at once."""

STEP_BYTES: Final = 8 << 20
"""Memory is fetched in steps of this."""


def keep_freed_memory() -> bool:
    """Let the C library keep what arrays gave free, up to a limit; returns whether it can be told so (glibc can).

    The arrays of a piece are as large as those of the piece before. By default each of them comes fresh from the
    operating system, which clears every page of it: a tenth of the time of a booking. It concerns the whole process.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    settings = ((_TRIM_THRESHOLD, KEPT_BYTES), (_MMAP_THRESHOLD, ARRAY_BYTES), (_TOP_PAD, STEP_BYTES))
    told = [mallopt(which, value) for which, value in settings]
    return all(told)
