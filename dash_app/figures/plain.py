"""Charts as plotly's JSON: plain dicts, as plotly's own classes check every value at every step, which takes long.

The tests have every chart checked by plotly; so what is misspelled here is found there.
"""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Trace = dict[str, Any]
Layout = dict[str, Any]
Figure = dict[str, Any]
"""`data`, the traces from the bottom up, and `layout`."""


def figure(layout: Layout, traces: Iterable[Trace]) -> Figure:
    """A chart."""
    return {"data": list(traces), "layout": layout}


def line(**properties: Any) -> Trace:
    """A line, or the upper edge of an area; properties are those of plotly's `scatter`."""
    return {"type": "scatter", "mode": "lines", **properties}


def bars(**properties: Any) -> Trace:
    """Bars; properties are those of plotly's `bar`."""
    return {"type": "bar", **properties}


def heatmap(**properties: Any) -> Trace:
    """A picture of cells; properties are those of plotly's `heatmap`."""
    return {"type": "heatmap", **properties}


def known_or_nan(values: Sequence[float | None]) -> NDArray[np.float32]:
    """Values in seven digits; unknown is NaN, which is not drawn."""
    return np.array(values, np.float32)  # None becomes NaN


def packed(values: NDArray[Any]) -> dict[str, str]:
    """An array as plotly packs it: values in seven digits take a third of the size of text, times three quarters."""
    spec = {"dtype": f"{values.dtype.kind}{values.dtype.itemsize}", "bdata": b64encode(values.tobytes()).decode()}
    return spec if values.ndim == 1 else {**spec, "shape": ", ".join(map(str, values.shape))}
