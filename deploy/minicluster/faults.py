"""The one way the mini cluster fails: a sentence a person can act on."""


class ClusterFault(Exception):  # noqa: N818  a sentence for a person, named after what it is
    """Something is missing or did not start; the message says what, and the mend."""
