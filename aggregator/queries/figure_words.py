"""Figures behind grams and money in words: one wording for pages and command line."""

from collections.abc import Sequence

from aggregator.queries.models import FigureUse
from maxwatt.domain.carbon import Quantity
from maxwatt.domain.formatting import format_share


def mean_value(figures: Sequence[FigureUse], quantity: Quantity) -> float | None:
    """Mean over the energy, None where there is no such figure."""
    uses = [use for use in figures if use.quantity == quantity]
    share = sum(use.share for use in uses)
    return sum(use.share * use.value for use in uses) / share if share else None


def origin_text(figures: Sequence[FigureUse], quantity: Quantity) -> str:
    """Who says so: `ember-owid DE 2024 (average, lifecycle, static)`; of several, the share of the energy of each."""
    uses = [use for use in figures if use.quantity == quantity]
    shares = [f", {format_share(use.share)}" if len(uses) > 1 else "" for use in uses]
    return "; ".join(_origin(use) + share for use, share in zip(uses, shares, strict=True))


def _origin(use: FigureUse) -> str:
    name = " ".join(part for part in (use.provider, use.zone, use.vintage) if part)
    return f"{name} ({', '.join(part for part in (use.kind, use.state) if part)})"
