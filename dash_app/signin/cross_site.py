"""Requests that another site makes a browser send, with the cookies it has of ours (CSRF)."""

from urllib.parse import urlsplit

from werkzeug.datastructures import Headers


def from_elsewhere(headers: Headers) -> bool:
    """Whether a browser says that a page of another origin sent this.

    Every browser of today sends `Sec-Fetch-Site` over https and to this machine, and `Origin` with each POST; what
    sends neither is no browser, and no browser's cookies come with it.
    """
    site = headers.get("Sec-Fetch-Site", "")
    if site:
        return site not in {"same-origin", "none"}
    origin = headers.get("Origin", "")
    return bool(origin) and urlsplit(origin).netloc != headers.get("Host", "")
