"""Faults of a configuration text, each with the line it stands on."""

import re

from maxwatt.domain.errors import ConfigError


class Faults:
    """Collects faults with the line they stand on."""

    def __init__(self, name: str, text: str) -> None:
        self._name, self._lines, self._found = name, text.splitlines(), list[str]()

    def add(self, path: tuple[str | int, ...], problem: str) -> None:
        """Note that the value at `path`, such as ("server", "port") or ("node_models", 1, "nodes"), is wrong."""
        shown = ".".join(str(step) for step in path)
        self._found.append(f"{self._name}, line {self._line(path)}: {shown} {problem}")

    def raise_if_any(self) -> None:
        """One error with every fault."""
        if self._found:
            raise ConfigError("\n".join(self._found))

    def _line(self, path: tuple[str | int, ...]) -> int:
        section, nth = str(path[0]), next((step for step in path if isinstance(step, int)), 0)
        headers = [n for n, line in enumerate(self._lines) if re.match(rf"\s*\[+\s*{re.escape(section)}\s*\]+", line)]
        start = headers[nth] if nth < len(headers) else 0
        key = path[-1]
        if len(path) > 1 and isinstance(key, str):
            for n in range(start + 1, len(self._lines)):
                if re.match(rf"\s*\"?{re.escape(key)}\"?\s*=", self._lines[n]):
                    return n + 1
                if self._lines[n].lstrip().startswith("["):
                    break
        return start + 1
