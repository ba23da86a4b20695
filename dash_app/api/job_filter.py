"""Which jobs: the filter of the table of jobs as parameters."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import Field

from aggregator.queries.job_conditions import FIGURES
from aggregator.queries.models import FigureRange, JobFilter
from dash_app.api.parameters import Text, Time
from maxwatt.domain.jobs import JobState

_NUMBER: Final = r"(-?[0-9]{1,15}(\.[0-9]{1,9})?)?"
_RANGE: Final = rf"^({'|'.join(FIGURES)}):{_NUMBER}:{_NUMBER}$"
_MOST: Final = 20

State = Literal[*JobState.__members__]  # type: ignore[valid-type]
Range = Annotated[str, Field(max_length=80, pattern=_RANGE)]


@dataclass(frozen=True, slots=True)
class JobsWanted:
    """Which jobs; what is left out or empty means any."""

    user: Annotated[Text, Field(description="Of this user.")] = ""
    partition: Annotated[Text, Field(description="In this partition.")] = ""
    account: Annotated[Text, Field(description="Of this account.")] = ""
    qos: Annotated[Text, Field(description="With this quality of service.")] = ""
    name: Annotated[Text, Field(description="Of exactly this name.")] = ""
    state: Annotated[
        tuple[State, ...], Field(max_length=_MOST, description="In one of these states; may be given several times.")
    ] = ()
    text: Annotated[Text, Field(description="An id such as 4711 or 4711_3, else part of the name, or a node.")] = ""
    nodes: Annotated[Text, Field(description="On one of these nodes; a host list such as `n[1-4,7]`.")] = ""
    array_job_id: Annotated[int | None, Field(ge=0, lt=10**12, description="Tasks of this array.")] = None
    tag: Annotated[
        tuple[Text, ...], Field(max_length=_MOST, description="With this word in the comment; several: all of them.")
    ] = ()
    since_ms: Annotated[Time | None, Field(description="That ended after this [epoch ms UTC], or run.")] = None
    until_ms: Annotated[Time | None, Field(description="That started before this [epoch ms UTC].")] = None
    range: Annotated[
        tuple[Range, ...],
        Field(
            max_length=_MOST,
            description="Whose figure is known and within bounds, `FIGURE:LOW:HIGH` in the figure's unit, either bound "
            "may be missing: `energy_j:3600000:`. Several: within all. Figures: `" + "`, `".join(FIGURES) + "`.",
        ),
    ] = ()

    def filter(self) -> JobFilter:
        """The same as the queries have it."""
        return JobFilter(
            user=self.user,
            partition=self.partition,
            account=self.account,
            qos=self.qos,
            name=self.name,
            states=self.state,
            text=self.text,
            nodes=self.nodes,
            array_job_id=self.array_job_id,
            tags=tuple(tag for tag in self.tag if tag.strip()),
            since_ms=self.since_ms,
            until_ms=self.until_ms,
            ranges=tuple(_figure_range(each) for each in self.range),
        )


def _figure_range(text: str) -> FigureRange:
    figure, low, high = text.split(":")
    return FigureRange(figure, float(low) if low else None, float(high) if high else None)
