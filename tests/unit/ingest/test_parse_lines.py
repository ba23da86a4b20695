"""Many lines at once: what the bulk path takes must be what the exact path would have made of it."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.ingest import bulk_lines
from aggregator.ingest.bulk_lines import MAX_SHAPES, MIN_LINES, parse_bulk
from aggregator.ingest.exact_line import MAX_LINE_BYTES, parse_line
from aggregator.ingest.line_protocol import MAX_FAULTS, ParsedBatch, parse_lines
from aggregator.ingest.timestamps import TimeRule
from aggregator.store.arrow import SCHEMAS
from maxwatt.domain.errors import InputError
from maxwatt.domain.schema import MEASUREMENTS, Measurement

NOW = 1_780_000_000_000


def parse(body: bytes | str, **options) -> ParsedBatch:
    return parse_lines(body.encode() if isinstance(body, str) else body, now_ms=NOW, precision="ms", **options)


def rows_of(batch: ParsedBatch) -> set[tuple]:
    return {
        (name, *((column, value) for column, value in row.items() if value is not None))
        for name, table in batch.tables.items()
        for row in table.to_pylist()
    }


def one_by_one(body: bytes) -> tuple[set[tuple], list[str]]:
    """What the exact path makes of every line."""
    rows, faults = set(), []
    for number, raw in enumerate(body.split(b"\n"), start=1):
        if raw and not raw.startswith(b"#"):
            try:
                row = parse_line(raw, number, TimeRule("ms", NOW))
            except InputError as error:
                faults.append(str(error))
            else:
                names = SCHEMAS[row.measurement].names
                values = sorted(row.values.items(), key=lambda item, names=names: names.index(item[0]))
                rows.add((row.measurement, *values))
    return rows, faults


def node_line(n: int, extra: str = "") -> str:
    return f"node,node=wn{n % 7} monotonic_s={n}.25,cpu_count=64i{extra} {NOW - n}"


def test_plain_lines_go_in_bulk() -> None:
    body = "\n".join(node_line(n) for n in range(500)).encode()
    result = parse_bulk(body, TimeRule("ms", NOW))
    assert result.left == []
    assert sum(table.num_rows for _, table in result.tables) == 500


def test_tables_have_the_schema_with_nulls_for_what_is_missing() -> None:
    for count in (3, 500):
        batch = parse("\n".join(node_line(n) for n in range(count)))
        assert batch.tables["node"].schema == SCHEMAS["node"]
        assert batch.tables["node"]["cpu_energy_joules_total"].null_count == count
        assert sorted(batch.tables["node"]["ts_ms"].to_pylist())[-1] == NOW


def test_one_bad_line_among_thousands_is_named_and_the_others_kept() -> None:
    lines = [node_line(n) for n in range(5000)]
    lines[3210] = lines[3210].replace("cpu_count=64i", "cpu_count=64")
    lines[77] = "node,node=wn1 monotonic_s=nan,cpu_count=64i " + str(NOW)
    batch = parse("\n".join(lines))
    assert [(fault.line, fault.column) for fault in batch.faults] == [(78, 27), (3211, lines[3210].index("=64 ") + 2)]
    assert batch.row_count == 4998
    assert (batch.fault_count, len(rows_of(batch))) == (2, 4998)


def test_values_arrow_would_take_and_we_do_not() -> None:
    for bad in ("0x10i", "0X10i", "1ii", "i", "1.0i", "9223372036854775808i"):
        lines = [node_line(n) for n in range(100)]
        lines[50] = f"node,node=a monotonic_s=1,cpu_count={bad} {NOW}"
        assert [fault.line for fault in parse("\n".join(lines)).faults] == [51], bad


def test_lines_of_one_signature_and_other_names_are_told_apart() -> None:
    lines = []
    for n in range(200):
        lines.append(f"zone,node=a,zone=z{n} monotonic_s={n},energy_joules_total={n} {NOW}")
        lines.append(f"zone,zone=y{n},node=a energy_joules_total={n},monotonic_s={n + 0.5} {NOW}")
        lines.append(f"job,node=a,job_id={n} monotonic_s={n},cpu_seconds_total={n} {NOW}")
        lines.append(f"job,node=a,unknown={n} monotonic_s={n},cpu_seconds_total={n} {NOW}")
    batch = parse("\n".join(lines))
    assert rows_of(batch) == one_by_one("\n".join(lines).encode())[0]
    assert (batch.tables["zone"].num_rows, batch.tables["job"].num_rows, batch.fault_count) == (400, 200, 200)


def test_more_sets_of_names_than_are_looked_for_are_still_read() -> None:
    names = [field.name for field in MEASUREMENTS["node"].fields if field.dtype == "float"]
    rng = random.Random(1)  # noqa: S311  variety, not secrets
    lines = [f"node,node=a {','.join(f'{f}=1' for f in rng.sample(names, 4))} {NOW - n}" for n in range(3000)]
    assert len({line.split()[1] for line in lines}) > MAX_SHAPES
    batch = parse("\n".join(lines))
    assert (batch.row_count, batch.fault_count) == (3000, 0)


def test_separators_in_the_wrong_places_are_not_taken_for_right() -> None:
    wrong = f"node=node,wn1 monotonic_s,5=cpu_count,64i {NOW}"
    lines = [node_line(n) for n in range(100)] + [wrong] * 100
    batch = parse("\n".join(lines))
    assert (batch.row_count, batch.fault_count) == (100, 100)


def test_blank_lines_comments_and_windows_line_ends_say_nothing() -> None:
    lines = ["", "# a comment, with=signs 1", *(node_line(n) for n in range(100)), "", ""]
    for end in ("\n", "\r\n"):
        batch = parse(end.join(lines))
        assert (batch.row_count, batch.fault_count) == (100, 0)
    assert parse("").tables == {}
    assert parse("\n\n").row_count == 0


def test_lines_are_numbered_from_where_the_caller_says() -> None:
    assert [fault.line for fault in parse("bad\n\nworse", first_line=1001).faults] == [1001, 1003]


def test_a_line_too_long_is_refused_alone() -> None:
    long = f"node,node=wn1 monotonic_s={'1' * MAX_LINE_BYTES},cpu_count=64i {NOW}"
    batch = parse("\n".join([*(node_line(n) for n in range(100)), long]))
    assert batch.row_count == 100
    assert [fault.line for fault in batch.faults] == [101]


def test_a_long_name_and_a_high_bit_are_decided_like_alone() -> None:
    odd = [f"node,node={'n' * 300} monotonic_s=1,cpu_count=1i {NOW}".encode()] * 2
    odd += [f"node,node=knö{n} monotonic_s=1,cpu_count=1i {NOW}".encode() for n in range(60)]
    odd += [b"node,node=\xff monotonic_s=1,cpu_count=1i %d" % NOW]
    body = b"\n".join([*(node_line(n).encode() for n in range(100)), *odd])
    batch = parse(body)
    assert (batch.row_count, batch.fault_count) == (160, 3)
    assert "knö7" in batch.tables["node"]["node"].to_pylist()


def test_faults_are_kept_up_to_a_bound_and_counted_beyond() -> None:
    batch = parse("x\n" * (MAX_FAULTS + 500) + node_line(1))
    assert (len(batch.faults), batch.fault_count, batch.row_count) == (MAX_FAULTS, MAX_FAULTS + 500, 1)


def test_unknown_precision_is_refused() -> None:
    with pytest.raises(InputError, match="unknown precision 'h'"):
        parse_lines(b"", now_ms=NOW, precision="h")


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(",", "\\,").replace("=", "\\=").replace(" ", "\\ ")


TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=20)
VALUES = {
    "float": st.floats(allow_nan=False, allow_infinity=False),
    "int": st.integers(-(2**63), 2**63 - 1),
}


@st.composite
def sample_rows(draw: st.DrawFn, measurement: Measurement) -> tuple[str, tuple]:
    """A line and the row it says."""
    tags = [(tag.name, draw(TEXTS if tag.dtype == "str" else st.integers(0, 2**63 - 1))) for tag in measurement.tags]
    fields = draw(st.lists(st.sampled_from(measurement.fields), min_size=1, unique_by=lambda field: field.name))
    values = [(field.name, draw(VALUES[field.dtype])) for field in fields]
    ts_ms = draw(st.integers(946_684_800_000, NOW))
    texts = [f"{name}={value}i" if isinstance(value, int) else f"{name}={value!r}" for name, value in values]
    head = ",".join(
        [measurement.name, *(f"{name}={escaped(str(value))}" for name, value in draw(st.permutations(tags)))]
    )
    names = SCHEMAS[measurement.name].names
    row = sorted([("ts_ms", ts_ms), *tags, *values], key=lambda item: names.index(item[0]))
    return f"{head} {','.join(texts)} {ts_ms}", (measurement.name, *row)


ANY_ROWS = st.lists(st.sampled_from(list(MEASUREMENTS.values())).flatmap(sample_rows), max_size=30)


@settings(max_examples=60, deadline=None)
@given(ANY_ROWS, st.booleans())
def test_what_is_written_is_read_by_either_path(rows: list[tuple[str, tuple]], bulk: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk_lines, "MIN_LINES", 1 if bulk else 10**9)
        batch = parse("\n".join(line for line, _ in rows))
    assert batch.faults == []
    assert rows_of(batch) == {row for _, row in rows}


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(list(MEASUREMENTS.values())).flatmap(sample_rows), min_size=1, max_size=12), st.data())
def test_damaged_lines_are_decided_alike_by_both_paths(rows: list[tuple[str, tuple]], data: st.DataObject) -> None:
    text = bytearray("\n".join(line for line, _ in rows).encode())
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(text) - 1))
        text[place] = data.draw(st.sampled_from(list(b', =\\"#i.xX0-+eN\x00\r\xff')))
    body = bytes(text).replace(b"\r\n", b"\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk_lines, "MIN_LINES", 1)
        batch = parse(body)
    expected, faults = one_by_one(body)
    assert rows_of(batch) == expected
    assert [str(fault) for fault in batch.faults] == faults


def test_the_bulk_path_begins_at_its_bound() -> None:
    rule = TimeRule("ms", NOW)
    few = "\n".join(node_line(n) for n in range(MIN_LINES - 1)).encode()
    many = "\n".join(node_line(n) for n in range(MIN_LINES)).encode()
    assert (len(parse_bulk(few, rule).left), len(parse_bulk(many, rule).left)) == (MIN_LINES - 1, 0)
