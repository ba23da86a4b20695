"""Logins: what users do on a node outside of jobs. They hold nothing, and pay for the CPU seconds that they use."""

from dataclasses import dataclass

import numpy as np

from aggregator.kernel.arrays import F64, I64, Bool, Chunk, SessionSamples, Window
from aggregator.kernel.counters import Readings, advancing, counted
from aggregator.kernel.pieces import overlaps
from aggregator.kernel.ragged import sums
from aggregator.kernel.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Sessions:
    """CPU seconds of users in pieces: one per interval of a user's counter and segment.

    Args:
        node, uid: [u] users on nodes.
        user: [p] index into these; segment: [p]; cpu_s: [p]; seconds: [p] length of the piece.
    """

    node: I64
    uid: I64
    user: I64
    segment: I64
    cpu_s: F64
    seconds: F64


@dataclass(frozen=True, slots=True)
class SessionRows:
    """Rows of the sheet of sessions: by user on a node, then bucket.

    Args:
        buckets: of the window.
        row: [p] row of each piece, -1 outside the window.
    """

    buckets: int
    row: I64


def sessions(chunk: Chunk, timeline: Timeline, max_gap_ms: int) -> Sessions:
    """Differences between two readings of a user's counter, linear in between.

    A user's first row only begins the counting: since when it had counted is not known. So does a counter that falls:
    the user's last login had ended, and a later one began. What that leaves out is the system's.
    """
    rows = _in_order(chunk.session)
    opens = _opens(rows)
    entity = np.cumsum(opens) - 1
    keep = advancing(entity, rows.epoch_id, rows.monotonic_s)
    position = timeline.axis.at(rows.node, rows.ts_ms)
    readings = Readings(entity[keep], position[keep], rows.monotonic_s[keep], rows.epoch_id[keep])
    used = counted(readings, rows.cpu_s[keep], max_gap_ms)
    owner, segment, share = overlaps(timeline, used.start, used.end)
    return Sessions(
        node=rows.node[opens].astype(np.int64),
        uid=rows.uid[opens],
        user=used.entity[owner],
        segment=segment,
        cpu_s=used.amount[owner] * share,
        seconds=used.seconds[owner] * share,
    )


def session_rows(found: Sessions, window: Window, line: Timeline) -> SessionRows:
    """Where the pieces are booked."""
    buckets = len(window.edges_ms) - 1
    bucket = line.bucket[found.segment]
    return SessionRows(buckets, np.where(bucket >= 0, found.user * buckets + bucket, -1))


def used_in(found: Sessions, rows: SessionRows, amount: F64) -> F64:
    """Sums of an amount per piece over each row."""
    on = rows.row >= 0
    return sums(rows.row[on], amount[on], len(found.uid) * rows.buckets)


def _in_order(rows: SessionSamples) -> SessionSamples:
    """Sorted by node, user and time, the first of equal ones only."""
    order = np.lexsort((rows.ts_ms, rows.uid, rows.node))
    rows = SessionSamples(*(getattr(rows, name)[order] for name in SessionSamples.__dataclass_fields__))
    first = np.flatnonzero(_opens(rows) | (np.diff(rows.ts_ms, prepend=-1) != 0))
    return SessionSamples(*(getattr(rows, name)[first] for name in SessionSamples.__dataclass_fields__))


def _opens(rows: SessionSamples) -> Bool:
    """Whether each row is the first of its user on its node."""
    same = (rows.node[1:] == rows.node[:-1]) & (rows.uid[1:] == rows.uid[:-1])
    return np.append(True, ~same)[: len(rows.uid)]
