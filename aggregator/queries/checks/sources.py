"""Do samples, Slurm and the factors come in, and are the jobs known?"""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import case, exists, func, select

from aggregator.ledger.tables import allocations, figures, jobs, sources
from aggregator.ledger.unfinished import unaccounted
from aggregator.queries.checks.finding import Finding, Level, Question, named
from maxwatt.domain.formatting import format_age
from maxwatt.domain.units import MS_PER_S

AREA: Final = "sources"
PATIENCE_MS: Final = 3600 * MS_PER_S


def checks(asked: Question) -> Iterator[Finding]:
    """Findings about what comes in."""
    yield from _sources(asked)
    yield from _unaccounted(asked)
    yield from _assumed(asked)
    yield from _fallback(asked)


def _sources(asked: Question) -> Iterator[Finding]:
    for row in asked.rows(select(sources).order_by(sources.c.name)):
        age = "never" if row.success_ms is None else f"{format_age((asked.now_ms - row.success_ms) / MS_PER_S)} ago"
        if row.error:
            yield Finding(Level.FAULT, AREA, f"{row.name} does not answer; it last did {age}: {row.error}")
        else:
            yield Finding(Level.OK, AREA, f"{row.name} is complete up to {age}.")


def _unaccounted(asked: Question) -> Iterator[Finding]:
    if asked.settings.slurm.accounting == "none":
        return
    missing = unaccounted(asked.connection, asked.jobs_since_ms)
    late = [job for job in missing if job.end_ms < asked.now_ms - PATIENCE_MS]
    if late:
        sentence = f"{len(late)} ended jobs have no accounting record after an hour: their TotalCPU is unknown."
        mend = "See whether slurmdbd gets the records (`sacctmgr show problem`, its log)."
        yield Finding(Level.WARNING, "jobs", sentence, mend, named(late, lambda job: str(job.key.job_id)))


def _assumed(asked: Question) -> Iterator[Finding]:
    recent = jobs.c.end_ms.is_(None) | (jobs.c.end_ms > asked.jobs_since_ms)
    held = exists().where(allocations.c.job_ref == jobs.c.job_ref)
    assumed = func.count(case((held.where(allocations.c.modelled), 1)))
    every, count = asked.rows(select(func.count(), assumed).select_from(jobs).where(recent, held))[0]
    if count:
        sentence = (
            f"Of {count} of {every} jobs of the {asked.days_of_jobs} nobody saw how their CPUs were split over nodes: "
            "it is assumed to be even."
        )
        yield Finding(
            Level.WARNING, "jobs", sentence, "Let a live source run (`slurm.live`) with polls well below MinJobAge."
        )


def _fallback(asked: Question) -> Iterator[Finding]:
    newest = select(figures).where(figures.c.quantity == "intensity").order_by(figures.c.figure_id.desc()).limit(1)
    for row in asked.rows(newest):
        told = f"{row.provider} {row.zone} {row.vintage} ({row.kind}, {row.state})"
        if row.state == "fallback":
            yield Finding(
                Level.WARNING, "carbon", f"The carbon intensity is a fallback: {told}.", "See the faults below."
            )
        else:
            yield Finding(Level.OK, "carbon", f"The carbon intensity comes from {told}.")
