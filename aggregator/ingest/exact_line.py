"""One line of line protocol, read character by character: slow, and exact about what is wrong where."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NoReturn

from aggregator.ingest.timestamps import TimeRule
from maxwatt.domain.errors import InputError
from maxwatt.domain.samples import Value
from maxwatt.domain.schema import MEASUREMENTS, Field, Measurement, Tag

MAX_LINE_BYTES: Final = 64 * 1024
MAX_TAG_CHARS: Final = 256
INT64_MAX: Final = 2**63 - 1

_TAGS: Final = {m.name: {tag.name: tag for tag in m.tags} for m in MEASUREMENTS.values()}
_FIELDS: Final = {m.name: {field.name: field for field in m.fields} for m in MEASUREMENTS.values()}

_NAME = re.compile(r"(?:[^\\,= ]|\\[\\,= ])*")
_ESCAPE = re.compile(r"\\(.)")
_VALUE = re.compile(r"[^, ]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_UNSIGNED = re.compile(r"[0-9]{1,19}")
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_FLOAT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Row:
    """A line understood: its measurement's name and the value of each column it has."""

    measurement: str
    values: dict[str, str | Value]


def parse_line(raw: bytes, line: int, rule: TimeRule) -> Row:
    """The row that a line says.

    Args:
        raw: the line without its end.
        line: its number, for the message.
        rule: how its timestamp is meant.

    Raises:
        InputError: with line and column of the first fault.
    """
    scanner = _Scanner(_decoded(raw, line), line)
    measurement = _measurement(scanner)
    values: dict[str, str | Value] = {}
    while scanner.passes(","):
        _tag(scanner, measurement, values)
    _refuse_missing_tags(scanner, measurement, values)
    scanner.expect(" ", "a space between tags and fields")
    _field(scanner, measurement, values)
    while scanner.passes(","):
        _field(scanner, measurement, values)
    values["ts_ms"] = _timestamp(scanner, rule)
    return Row(measurement.name, values)


def _decoded(raw: bytes, line: int) -> str:
    if len(raw) > MAX_LINE_BYTES:
        raise InputError(f"is longer than {MAX_LINE_BYTES} bytes", line, MAX_LINE_BYTES + 1)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError("is not UTF-8 text", line, error.start + 1) from error
    control = _CONTROL.search(text)
    if control:
        raise InputError(f"control character {control[0]!r}", line, control.start() + 1)
    return text


class _Scanner:
    """A place in a line of text."""

    def __init__(self, text: str, line: int) -> None:
        self._text, self._line, self.at = text, line, 0

    def fail(self, message: str, at: int | None = None) -> NoReturn:
        """Raise with the column of `at`, else of the present place."""
        raise InputError(message, self._line, (self.at if at is None else at) + 1)

    def passes(self, character: str) -> bool:
        """Step over `character` if it stands here."""
        here = self._text.startswith(character, self.at)
        self.at += here
        return here

    def expect(self, character: str, what: str) -> None:
        """Step over `character`, which must stand here."""
        if not self.passes(character):
            self.fail(f"{what} is missing")

    def name(self, what: str) -> str:
        """Text up to the next separator, its escapes undone."""
        match = _NAME.match(self._text, self.at)
        found = match[0] if match else ""
        end = self.at + len(found)
        if self._text.startswith("\\", end):
            self.fail("a backslash escapes a comma, an equals sign, a space or itself only", end)
        if not found:
            self.fail(f"{what} is missing")
        self.at = end
        return _ESCAPE.sub(r"\1", found) if "\\" in found else found

    def value(self) -> str:
        """Text up to the next comma or space."""
        match = _VALUE.match(self._text, self.at)
        found = match[0] if match else ""
        self.at += len(found)
        return found

    @property
    def at_end(self) -> bool:
        """Whether nothing follows."""
        return self.at >= len(self._text)


def _measurement(scanner: _Scanner) -> Measurement:
    name = scanner.name("the measurement")
    if name not in MEASUREMENTS:
        scanner.fail(f"unknown measurement {_shown(name)}; known: {', '.join(MEASUREMENTS)}", 0)
    return MEASUREMENTS[name]


def _tag(scanner: _Scanner, measurement: Measurement, values: dict[str, str | Value]) -> None:
    start = scanner.at
    name = scanner.name("a tag's name")
    tag = _TAGS[measurement.name].get(name)
    if tag is None:
        known = ", ".join(_TAGS[measurement.name])
        scanner.fail(f"{measurement.name} has no tag {_shown(name)}; known: {known}", start)
    if name in values:
        scanner.fail(f"tag {name} stands twice", start)
    scanner.expect("=", f"the = after tag {name}")
    start = scanner.at
    text = scanner.name(f"the value of tag {name}")
    values[name] = _tag_value(tag, text, lambda message: scanner.fail(message, start))


def _tag_value(tag: Tag, text: str, fail: Callable[[str], NoReturn]) -> str | int:
    if len(text) > MAX_TAG_CHARS:
        fail(f"the value of tag {tag.name} is longer than {MAX_TAG_CHARS} characters")
    if tag.dtype == "str":
        return text
    if not _UNSIGNED.fullmatch(text) or int(text) > INT64_MAX:
        fail(f"tag {tag.name} must be a whole number, not {_shown(text)}")
    return int(text)


def _refuse_missing_tags(scanner: _Scanner, measurement: Measurement, values: dict[str, str | Value]) -> None:
    missing = [name for name in _TAGS[measurement.name] if name not in values]
    if missing:
        scanner.fail(f"{measurement.name} needs tag {', '.join(missing)}")


def _field(scanner: _Scanner, measurement: Measurement, values: dict[str, str | Value]) -> None:
    start = scanner.at
    name = scanner.name("a field's name")
    field = _FIELDS[measurement.name].get(name)
    if field is None:
        known = ", ".join(_FIELDS[measurement.name])
        scanner.fail(f"{measurement.name} has no field {_shown(name)}; known: {known}", start)
    if name in values:
        scanner.fail(f"field {name} stands twice", start)
    scanner.expect("=", f"the = after field {name}")
    start = scanner.at
    values[name] = _field_value(field, scanner.value(), lambda message: scanner.fail(message, start))


def _field_value(field: Field, text: str, fail: Callable[[str], NoReturn]) -> Value:
    if not text:
        fail(f"the value of field {field.name} is missing; leave the field out if it could not be read")
    return _whole(field, text, fail) if field.dtype == "int" else _real(field, text, fail)


def _whole(field: Field, text: str, fail: Callable[[str], NoReturn]) -> int:
    if not (text.endswith("i") and _INTEGER.fullmatch(text, endpos=len(text) - 1)):
        fail(f"field {field.name} must be a whole number ending in i, such as 42i, not {_shown(text)}")
    value = int(text[:-1])
    if not -INT64_MAX - 1 <= value <= INT64_MAX:
        fail(f"field {field.name} does not fit into 64 bits: {_shown(text)}")
    return value


def _real(field: Field, text: str, fail: Callable[[str], NoReturn]) -> float:
    if not _FLOAT.fullmatch(text):
        if text.lower().lstrip("+-") in {"nan", "inf", "infinity"}:
            fail(f"field {field.name} is {_shown(text)}; leave a field out that could not be read")
        fail(f"field {field.name} must be a number, such as 42.5, not {_shown(text)}")
    value = float(text)
    if not math.isfinite(value):
        fail(f"field {field.name} is too large: {_shown(text)}")
    return value


def _timestamp(scanner: _Scanner, rule: TimeRule) -> int:
    if scanner.at_end:
        scanner.fail("the timestamp is missing")
    scanner.expect(" ", "a space before the timestamp")
    start = scanner.at
    text = scanner.value()
    if not text:
        scanner.fail("the timestamp is missing")
    if not _INTEGER.fullmatch(text):
        scanner.fail(f"the timestamp must be a whole number, not {_shown(text)}", start)
    if not scanner.at_end:
        scanner.fail("nothing may follow the timestamp")
    ts_ms = rule.to_ms(int(text))
    problem = rule.fault(ts_ms)
    if problem:
        scanner.fail(problem, start)
    return ts_ms


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "…")
