"""maxwatt: every joule a cluster draws, on somebody's account."""

__version__ = "0.1.0"
