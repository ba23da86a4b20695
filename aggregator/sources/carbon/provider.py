"""What a carbon provider is: how it is asked, and how its answer is read."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aggregator.sources.carbon.answer import Answer, Asked
from aggregator.sources.private_file import read_filled
from maxwatt.config import CarbonSettings
from maxwatt.domain.errors import ConfigError, SourceError

Fetch = Callable[[CarbonSettings, Asked], str]
Parse = Callable[[str, Asked], Answer]


@dataclass(frozen=True, slots=True)
class Provider:
    """One source of grid intensities.

    Args:
        name: as in the configuration.
        kind: average or marginal, lifecycle or direct; the first is used where the configuration names none.
        longest_ms: longest time that it is asked for at once [ms].
        ahead_ms: how far into the future it is asked for forecasts [ms].
        back_ms: how far back it knows [ms], None without limit.
        fetch: the answer's text; raises SourceError.
        parse: pure; never raises.
        vintage: edition of the factors that its values are computed with, where it is known.
    """

    name: str
    kinds: tuple[str, ...]
    longest_ms: int
    fetch: Fetch
    parse: Parse
    ahead_ms: int = 0
    back_ms: int | None = None
    vintage: str = ""

    def kind(self, carbon: CarbonSettings) -> str:
        """Which kind of intensity it gives here.

        Raises:
            ConfigError: it does not give the kind that is configured.
        """
        if not carbon.provider_kind:
            return self.kinds[0]
        kind = f"average, {carbon.provider_kind}"
        if kind not in self.kinds:
            raise ConfigError(
                f"carbon.provider_kind is {carbon.provider_kind!r}, but {self.name} gives {' or '.join(self.kinds)}"
            )
        return kind


def zone_of(carbon: CarbonSettings) -> str:
    """The zone as the provider calls it."""
    return carbon.provider_zone or carbon.zone


def token_of(carbon: CarbonSettings) -> str:
    """The provider's token.

    Raises:
        ConfigError: none is configured.
        SourceError: the file cannot be read, is open to others, or holds none.
    """
    if not carbon.token_file:
        raise ConfigError(f"carbon.provider {carbon.provider!r} wants a token: put it into a file, carbon.token_file")
    token = read_filled(Path(carbon.token_file), "carbon.token_file").decode("ascii", "replace").strip()
    if not (token.isascii() and token.isprintable()):
        raise SourceError(f"carbon.token_file {carbon.token_file}: holds no token, which is one line of ASCII")
    return token
