"""The factor that turns a site's energy into CO2, with where it comes from."""

from dataclasses import dataclass

from maxwatt.domain.units import J_PER_KWH


@dataclass(frozen=True, slots=True)
class Factor:
    """Carbon intensity and PUE that hold from a moment until the next factor.

    Args:
        provider: who says so, such as `ember-owid` or `config`.
        zone: grid zone, such as `DE`.
        kind: average or marginal, lifecycle or direct.
        vintage: which edition or year of the figure.
        state: measured, forecast or static.
        valid_from_ms: epoch ms UTC.
        intensity_g_per_kwh: CO2 equivalent of a kWh from the grid [g/kWh].
        pue: power usage effectiveness of the site [1].
    """

    provider: str
    zone: str
    kind: str
    vintage: str
    state: str
    valid_from_ms: int
    intensity_g_per_kwh: float
    pue: float

    @property
    def g_per_j(self) -> float:
        """CO2 equivalent of a joule measured at a node [g/J]: `PUE * I`."""
        return self.pue * self.intensity_g_per_kwh / J_PER_KWH
