"""Where a request comes from, and where a browser may be sent. The Host header is believed for neither."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

from ..http import Headers, Request

MAX_NEXT = 2000
_ORIGIN = re.compile(r"https?://[a-z0-9.:\[\]_-]+", re.ASCII)
_LOCAL = re.compile(r"/(?!/)[!-\[\]-~]*", re.ASCII)


def is_own_form(request: Request, origins: tuple[str, ...]) -> bool:
    """Whether a POST can come from a page of ours: what the browser says of it, where it says anything, fits.

    ``Sec-Fetch-Site`` is same-origin and ``Origin`` a configured one; sent twice, neither is believed. The form token
    decides where both are absent.
    """
    sites = request.values(b"sec-fetch-site")
    if sites and sites != [b"same-origin"]:
        return False
    sent = request.values(b"origin")
    return not sent or (len(sent) == 1 and sent[0].decode("latin-1") in origins)


def is_origin(text: str) -> bool:
    """Whether it is the origin of a web page, as a browser writes it (RFC 6454 §7); ``null`` is none."""
    return _ORIGIN.fullmatch(text) is not None


def is_own_websocket(request: Request, origins: tuple[str, ...]) -> bool:
    """Whether a WebSocket handshake comes from a page of the app, or from no browser (RFC 6455 §10.2).

    Browsers always send an Origin. One that says by fetch metadata that it is one, and has lost its Origin on the way, is
    believed only as far as that goes.
    """
    sent = request.values(b"origin")
    if not sent:
        return request.values(b"sec-fetch-site") in ([], [b"same-origin"])
    return len(sent) == 1 and sent[0].decode("latin-1") in origins


def local_path(text: str) -> str | None:
    """The text if it is a path of this origin and nothing else: one slash first, plain ASCII, no backslash."""
    return text if len(text) <= MAX_NEXT and _LOCAL.fullmatch(text) else None


def leads_to(headers: Headers, origins: tuple[str, ...]) -> str | None:
    """Where an answer sends the browser, as a path, if that lies on one of the origins; None too if it says so twice."""
    locations = [value.decode("latin-1") for name, value in headers if name.lower() == b"location"]
    return path_on(locations[0], origins) if len(locations) == 1 else None


def leads_below(headers: Headers, origins: tuple[str, ...], quoted_root: str) -> str | None:
    """Where an answer sends the browser, as a path of the app's own, without its query; None if that is elsewhere."""
    path = leads_to(headers, origins)
    if path is None or not path.startswith(quoted_root):
        return None
    below = path.removeprefix(quoted_root).partition("?")[0].partition("#")[0]
    return below if below.startswith("/") else None


def is_the_page(reference: str, path: str, origins: tuple[str, ...], base: str = "") -> bool:
    """Whether a browser that shows the page at ``path`` takes this reference for that page, with whatever query.

    ``base`` is what an element of that name says, which is read by the page's own address.
    """
    try:
        parts = urlsplit(urljoin(urljoin(origins[0] + path, base.strip(" ")), reference.strip(" ")))
    except ValueError:
        return False
    return f"{parts.scheme}://{parts.netloc}".lower() in origins and parts.path == path


def path_on(location: str, origins: tuple[str, ...]) -> str | None:
    """Where a Location header leads, as a path, if that lies on one of the origins (absolute or as a path)."""
    local = local_path(location)
    if local is not None:
        return local
    try:
        parts = urlsplit(location)
        origin = f"{parts.scheme}://{parts.netloc}".lower()
    except ValueError:
        return None
    if origin not in origins:
        return None
    return local_path((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
