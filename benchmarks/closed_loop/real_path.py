"""The scene through the agent itself: its collectors read files that change at virtual times, its lines are pushed."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.closed_loop import records
from benchmarks.closed_loop.generator.scene import Read, Scene
from benchmarks.closed_loop.trees import Tree
from collectors.context import Context, Stamp
from collectors.registry import build
from collectors.runner import Runner
from collectors.state import load, read_boot_id
from exporters.node.line_protocol import format_lines


def lines(world: Scene, number: int, read: Read, folder: Path) -> Iterator[bytes]:
    """What the agent of one node sends, a body for each reading; of readings that get lost on their way nothing.

    Args:
        folder: an empty one, for the node's files and the agent's state.
    """
    node, when = world.nodes[number], read.when
    root = folder / "root"
    tree, clock, agent, runner = Tree(root, world, node, read), _Clock(), None, None
    for row in range(len(when.at_s)):
        tree.show(row)
        clock.stamp = Stamp(int(when.ts_ms[row]), float(when.monotonic_s[row]))
        if runner is None or agent != when.agent[row]:
            agent, runner = when.agent[row], _agent(world, number, folder, clock)
        samples = runner.cycle()
        if not when.lost[row]:
            yield format_lines(samples)
    tree.close()


class _Clock:
    """The node's two clocks, moved by hand."""

    stamp = Stamp(0, 0.0)

    def __call__(self) -> Stamp:
        return self.stamp


def _agent(world: Scene, number: int, folder: Path, clock: _Clock) -> Runner:
    """The agent as it starts: it goes on with the state that an earlier one of the same boot has kept."""
    machine, root = world.nodes[number].machine, str(folder / "root")
    state = load(folder / "state.json", read_boot_id(root))
    context = Context(root, machine.name, state, records.node_model(machine), stamp=clock())
    return Runner(context, build((), context), clock)
