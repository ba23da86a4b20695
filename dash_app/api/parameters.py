"""Parameters of a request: read into the dataclass that declares them; what is not declared is refused."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any, Final, TypeVar

from pydantic import Field, ValidationError
from werkzeug.datastructures import MultiDict

from dash_app.api.problems import ParameterFault, refused
from dash_app.api.resource import adapter
from dash_app.urls import MAX_RANGE_MS
from maxwatt.domain.clock import now_ms
from maxwatt.domain.units import BUCKET_MS, DAY_MS

Asked = TypeVar("Asked")

_PLAIN: Final = r"^[^\x00-\x1f\x7f]*$"
_YEAR_2200_MS: Final = 7_258_118_400_000
DEFAULT_SPAN_MS: Final = 7 * DAY_MS
MAX_POINTS: Final = 2000

Text = Annotated[str, Field(max_length=200, pattern=_PLAIN)]
JobId = Annotated[int, Field(ge=0, lt=10**12, description="Slurm's job id.")]
Time = Annotated[int, Field(ge=0, lt=_YEAR_2200_MS)]
Start = Annotated[
    Time | None, Field(description="Start of the attempt [epoch ms UTC]; the newest attempt where it is left out.")
]
Points = Annotated[int, Field(ge=1, le=MAX_POINTS, description="Most steps in time.")]
Since = Annotated[
    Time | None, Field(description="Start of the time [epoch ms UTC]; 7 days before its end if left out.")
]
Until = Annotated[Time | None, Field(description="End of the time [epoch ms UTC], excluded; now if left out.")]


@dataclass(frozen=True, slots=True)
class Window:
    """A time [since_ms, until_ms); bookings are in buckets of 15 minutes, which count by their start."""

    since_ms: Since = None
    until_ms: Until = None

    def span_ms(self) -> tuple[int, int]:
        """Start and end [epoch ms UTC]; the bucket that is being filled counts.

        Raises:
            RefusedError: the time ends before it starts, or is longer than MAX_RANGE_MS.
        """
        until_ms = -(-now_ms() // BUCKET_MS) * BUCKET_MS if self.until_ms is None else self.until_ms
        since_ms = max(0, until_ms - DEFAULT_SPAN_MS) if self.since_ms is None else self.since_ms
        if since_ms >= until_ms:
            raise refused(f"The time ends at {until_ms}, before it starts at {since_ms}.", "Give a later until_ms.")
        if until_ms - since_ms > MAX_RANGE_MS:
            raise refused("The time is longer than three years.", "Ask for it in parts.")
        return since_ms, until_ms


def parsed(kind: type[Asked], path: Mapping[str, str], query: MultiDict[str, str]) -> Asked:
    """The parameters of a request as a `kind`.

    Raises:
        RefusedError: a parameter that is not declared, is given twice, or has a value that it cannot have.
    """
    known = {field.name for field in fields(kind)} - path.keys()  # type: ignore[arg-type]  # every kind is a dataclass
    lists = {field.name for field in fields(kind) if isinstance(field.default, tuple)}  # type: ignore[arg-type]
    twice = [name for name in query if name not in lists and len(query.getlist(name)) > 1]
    faults = [ParameterFault(name, "is unknown here") for name in query if name not in known]
    faults += [ParameterFault(name, "is given more than once") for name in twice]
    if faults:
        raise refused("Parameters were refused.", f"Known here: {', '.join(sorted(known)) or 'none'}.", *faults)
    try:
        given = {name: tuple(query.getlist(name)) if name in lists else query[name] for name in query}
        return adapter(kind).validate_python({**given, **path})  # type: ignore[no-any-return]
    except ValidationError as error:
        found = [_fault(each) for each in error.errors(include_url=False, include_context=False, include_input=False)]
        raise refused("Parameters have values that they cannot have.", "", *found) from None


def _fault(found: Any) -> ParameterFault:
    return ParameterFault(str(found["loc"][0]) if found["loc"] else "", str(found["msg"]))
