"""The central fetcher: asks the carbon provider for what is new, then for what is missing of the samples' time."""

from dataclasses import dataclass, field
from typing import Final

from aggregator.ledger.ledger import Ledger
from aggregator.pipeline.series import origin_of
from aggregator.sources.carbon.answer import Answer, Asked
from aggregator.sources.carbon.http import RetryLaterError
from aggregator.sources.carbon.provider import Provider, zone_of
from maxwatt.config import CarbonSettings
from maxwatt.domain.errors import ConfigError, SourceError
from maxwatt.domain.units import DAY_MS, MS_PER_S

TICK_S: Final = 10.0
"""At most one request in this time [s]."""

FIRST_PAUSE_MS: Final = 60 * MS_PER_S
LONGEST_PAUSE_MS: Final = 3600 * MS_PER_S
"""After each failure the pause doubles, up to this [ms]."""

LONGEST_ASKED_PAUSE_MS: Final = DAY_MS
"""A provider that asks for a longer pause is asked again after this [ms]."""

PATIENCE: Final = 4
"""After so many failures the past is left as it is until the next start: the provider may not have it."""


@dataclass
class _Pause:
    """When may be asked again [epoch ms UTC], and how often it failed in a row."""

    until_ms: int = 0
    failures: int = 0

    def after_failure(self, now_ms: int, asked_ms: int) -> None:
        grown = min(FIRST_PAUSE_MS << min(self.failures, 10), LONGEST_PAUSE_MS)
        self.until_ms = now_ms + max(grown, min(asked_ms, LONGEST_ASKED_PAUSE_MS))
        self.failures += 1


@dataclass
class IntensityPolls:
    """Keeps the history of one provider's intensities; what it covers is known to the ledger, so a restart goes on."""

    ledger: Ledger
    provider: Provider
    carbon: CarbonSettings
    _new: _Pause = field(default_factory=_Pause)
    _past: _Pause = field(default_factory=_Pause)

    @property
    def name(self) -> str:
        """As in the table of sources."""
        return self.provider.name

    def poll(self, now_ms: int, oldest_sample_ms: int | None) -> bool:
        """Ask once, if anything is due; whether that was answered.

        Args:
            now_ms: epoch ms UTC.
            oldest_sample_ms: values are wanted from here on; None: there is no sample yet.
        """
        if now_ms >= self._new.until_ms:
            return self._ask(self._newest(now_ms), self._new, now_ms)
        span = self._missing(now_ms, oldest_sample_ms)
        if span is None or now_ms < self._past.until_ms or self._past.failures >= PATIENCE:
            return False
        return self._ask(span, self._past, now_ms)

    def _newest(self, now_ms: int) -> tuple[int, int]:
        """From a little before what is covered: the newest values are corrected, and forecasts come true."""
        longest_ms, end_ms = self.provider.longest_ms, now_ms + self.provider.ahead_ms
        covered = self._covered()
        if covered is None or self._new.failures >= PATIENCE:  # it may no longer have what was missed meanwhile
            return end_ms - longest_ms, end_ms
        start_ms = max(min(covered[1], now_ms) - min(longest_ms // 4, DAY_MS), self._known_from(now_ms))
        return start_ms, min(start_ms + longest_ms, end_ms)

    def _known_from(self, now_ms: int) -> int:
        """From when on the provider knows values [epoch ms UTC]."""
        return 0 if self.provider.back_ms is None else now_ms - self.provider.back_ms

    def _missing(self, now_ms: int, oldest_sample_ms: int | None) -> tuple[int, int] | None:
        """The stretch before what is covered, as far as there are samples and the provider knows it."""
        covered = self._covered()
        if covered is None or oldest_sample_ms is None:
            return None
        start_ms = max(oldest_sample_ms, self._known_from(now_ms), covered[0] - self.provider.longest_ms)
        return (start_ms, covered[0]) if start_ms < covered[0] else None

    def _ask(self, span_ms: tuple[int, int], pause: _Pause, now_ms: int) -> bool:
        asked = Asked(zone_of(self.carbon), *span_ms, now_ms)
        try:
            answer = self.provider.parse(self.provider.fetch(self.carbon, asked), asked)
        except RetryLaterError as error:
            self._new.after_failure(now_ms, round(error.after_s * MS_PER_S))  # the whole provider wants a pause
            self._past.until_ms = max(self._past.until_ms, self._new.until_ms)
            self.ledger.record_source(self.name, now_ms, error=str(error))
            return False
        except (SourceError, ConfigError) as error:
            answer = Answer((), (str(error),))
        self.ledger.add_faults(self.name, answer.faults, now_ms)
        if answer.faults and not answer.values:
            pause.after_failure(now_ms, 0)
            self.ledger.record_source(self.name, now_ms, error=answer.faults[0])
            return False
        self._keep(answer, span_ms, now_ms)
        pause.failures, pause.until_ms = 0, now_ms + (self._interval_ms(span_ms, now_ms) if pause is self._new else 0)
        return True

    def _interval_ms(self, span_ms: tuple[int, int], now_ms: int) -> int:
        """Until the next request for new values: none while the answers do not reach the present yet."""
        return round(self.carbon.interval_s * MS_PER_S) if span_ms[1] >= now_ms else 0

    def _keep(self, answer: Answer, span_ms: tuple[int, int], now_ms: int) -> None:
        origin = origin_of(self.provider, self.carbon)
        self.ledger.values.record_intensities(origin, answer.values, now_ms)
        first, last = self._covered() or span_ms
        covered = min(first, span_ms[0]), max(min(last, now_ms), min(span_ms[1], now_ms))
        self.ledger.put_fact(self._fact, f"{covered[0]} {covered[1]}")
        self.ledger.record_source(self.name, now_ms, success_ms=covered[1])

    @property
    def _fact(self) -> str:
        origin = origin_of(self.provider, self.carbon)
        return f"intensities {origin.provider} {origin.zone} {origin.kind}"

    def _covered(self) -> tuple[int, int] | None:
        """Start and end of the time that the provider was asked for without a gap [epoch ms UTC]."""
        text = self.ledger.fact(self._fact)
        if not text:
            return None
        first, last = text.split()
        return int(first), int(last)
