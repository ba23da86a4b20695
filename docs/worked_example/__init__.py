"""The worked example of the method page: a tiny node's files through the real code, as Markdown."""

from worked_example.page import section

__all__ = ["section"]
