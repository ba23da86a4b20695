"""What a resource of the API is: an address, what may be asked, what is answered."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from inspect import getdoc
from typing import Any, Final, Generic, TypeVar

from pydantic import TypeAdapter

from dash_app.ports import PageQueries
from maxwatt.domain.viewer import Viewer

Asked = TypeVar("Asked")


@dataclass(frozen=True, slots=True)
class Resource(Generic[Asked]):
    """One address of the API.

    Args:
        path: below the API's prefix; `{job_id}` stands for the parameter of that name.
        asked: dataclass of the parameters, those in the path and those in the query.
        answer: type of the answer.
        find: gives the answer; None: there is no such thing for this viewer. Its docstring describes the resource.
        for_all: only who sees everybody's jobs may ask.
        file: name of the file that it is saved as; the answer is then a text in pieces, of the type of that name.
    """

    path: str
    asked: type[Asked]
    answer: Any
    find: Callable[[PageQueries, Viewer, Asked], object]
    for_all: bool = False
    file: str = ""

    @property
    def name(self) -> str:
        """Its name in the document, `job_series`."""
        return self.find.__name__

    @property
    def summary(self) -> str:
        """First sentence of its description."""
        return self.description.partition("\n")[0]

    @property
    def description(self) -> str:
        """What it gives."""
        return getdoc(self.find) or ""


adapter: Final[Callable[[Any], TypeAdapter[Any]]] = cache(TypeAdapter)
"""Reads and writes values of a type."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """No parameters."""
