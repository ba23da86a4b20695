"""Runs the closed loop and prints its tables; `--write` puts them, with the picture, into docs/."""

import argparse
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.closed_loop import page
from benchmarks.closed_loop.compare import LENGTHS_S, facts
from benchmarks.closed_loop.generator.regime import PHYSICS, PLUMBING
from benchmarks.closed_loop.generator.scene import Scene, scene
from benchmarks.closed_loop.outcome import OURS, Outcome, outcome
from benchmarks.closed_loop.picture import picture
from benchmarks.closed_loop.summary import ratio_to_best, summary, together

DOCS = Path(__file__).parents[2] / "docs"
INTERVALS_S = (5.0, 10.0, 15.0, 30.0, 60.0)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.closed_loop", description=__doc__)
    parser.add_argument("--first", type=int, default=11, help="seed of the first scene")
    parser.add_argument("--scenes", type=int, default=5, help="how many scenes")
    parser.add_argument("--write", action="store_true", help="write docs/closed-loop.md and docs/closed-loop.svg")
    args = parser.parse_args()
    seeds = range(args.first, args.first + args.scenes)
    some = seeds[:2]
    exact_worlds = [scene(PLUMBING, seed) for seed in some]
    exact = booked(exact_worlds, 10.0)
    worlds = [scene(PHYSICS, seed) for seed in seeds]
    by_interval = {each: summary(together(booked(worlds[:2], each))) for each in INTERVALS_S}
    found = summary(together(booked(worlds, 10.0)))
    text = page.page(
        {
            "command": f"python -m benchmarks.closed_loop --first {args.first} --scenes {args.scenes} --write",
            "idle": page.share(nobodys(worlds)),
            "smt": page.share(PHYSICS.smt_share),
            "ratio": page.share(ratio_to_best(found)),
            "seeds": _names(seeds),
            "some": _names(some),
            "plumbing": page.plumbing_table(summary(together(exact)), by_edges(exact_worlds, exact)),
            "physics": page.physics_table(found),
            "coverage": page.coverage_table(found),
            "intervals": page.interval_table(by_interval),
        }
    )
    print(text)
    if args.write:
        (DOCS / "closed-loop.md").write_text(text, encoding="utf-8")
        (DOCS / "closed-loop.svg").write_text(picture(found), encoding="utf-8")


def booked(worlds: Sequence[Scene], interval_s: float) -> list[Outcome]:
    """Every scene through store and ledger, each in a folder of its own."""
    found = []
    for world in worlds:
        with tempfile.TemporaryDirectory() as folder:
            found.append(outcome(world, interval_s, Path(folder)))
    return found


def by_edges(worlds: Sequence[Scene], found: Sequence[Outcome]) -> list[float]:
    """95th percentile, by length and over all, of the error over what the allocation draws in a second at each edge."""
    pairs = list(zip(worlds, found, strict=True))
    errors = [np.abs(each.charged_j[OURS] - each.truth_j) / (2 * facts(world).allocated_w) for world, each in pairs]
    error, length_s = np.concatenate(errors), together(found).length_s
    groups = [(length_s >= low) & (length_s < high) for low, high in [*pairwise(LENGTHS_S), (0, np.inf)]]
    return [float(np.quantile(error[group], 0.95)) for group in groups]


def nobodys(worlds: Sequence[Scene]) -> float:
    """Share of all energy that no job drew and that the system did not."""
    idle_j = sum(float(node.truth.idle_j.sum()) for world in worlds for node in world.nodes)
    jobs_j = sum(float(world.truth_j.sum()) for world in worlds)
    system_j = sum(float(node.truth.system_j.sum()) for world in worlds for node in world.nodes)
    return idle_j / (idle_j + jobs_j + system_j)


def _names(seeds: Sequence[int]) -> str:
    return f"{seeds[0]} to {seeds[-1]}"


if __name__ == "__main__":
    main()
