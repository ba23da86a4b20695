"""Work done by threads a little ahead of who needs its results."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def ahead(work: Callable[[Item], Result], items: Iterable[Item], workers: int) -> Iterator[tuple[Item, Result]]:
    """Each item with its result, in the order of the items, whichever thread is done first.

    At most `workers + 1` items are under way or wait to be taken, so memory is bounded. Items are drawn by the caller's
    thread. When an item fails, or the caller takes no more, those not begun are dropped, and no thread is left behind.

    Args:
        workers: so many items are worked on at once.
    """
    waiting: deque[tuple[Item, Future[Result]]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="maxwatt-ahead") as pool:
        try:
            for item in items:
                waiting.append((item, pool.submit(work, item)))
                if len(waiting) > workers:
                    yield _taken(waiting)
            while waiting:
                yield _taken(waiting)
        finally:
            for _, future in waiting:
                future.cancel()


def _taken(waiting: deque[tuple[Item, Future[Result]]]) -> tuple[Item, Result]:
    item, future = waiting.popleft()
    return item, future.result()
