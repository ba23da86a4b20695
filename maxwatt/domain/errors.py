"""The few ways things go wrong, each with the place and the mend in its message."""


class MaxwattError(Exception):
    """Anything maxwatt tells a person about instead of showing a traceback."""


class NoData(MaxwattError):  # noqa: N818  not a failure: hardware or records that are simply not here
    """Absent hardware or an empty answer: quiet, never a fault."""


class SourceError(MaxwattError):
    """A source (file, command, server, device) is there but could not be read."""


class StoppedError(MaxwattError):
    """The server stops: what was under way is given up and done again at the next start."""


class ConfigError(MaxwattError):
    """A setting is wrong; the message names the file, the line, the key and the mend."""


class InputError(MaxwattError):
    """A line or row from outside could not be understood.

    Args:
        message: what is wrong and how to mend it.
        line: 1-based line or row number, 0 when it is not known.
        column: 1-based column, 0 when it is not known.
    """

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        place = f"line {line}" + (f", column {column}" if column else "") + ": " if line else ""
        super().__init__(place + message)
        self.message, self.line, self.column = message, line, column


class StoreLockedError(MaxwattError):
    """Another process has the embedded store open; exactly one may."""
