"""Pages that only say something, and their twins for programs: refusals, faults of ours, requests that make no sense."""

from __future__ import annotations

import base64
from typing import Literal
from urllib.parse import quote, urlencode

from ..asks import Random
from ..browser.origin import local_path
from ..http import Answer, Request, problem, redirect
from ..protocol import Flow
from ..site import Site
from .render import Urls, page

RETRY_SECONDS = 10
_REFERENCE_BYTES = 5
_REFERENCE_LETTERS = 6
_TITLES = {
    400: "That didn’t work",
    403: "That didn’t work",
    404: "Not found",
    405: "That didn’t work",
    408: "That took too long",
    411: "That didn’t work",
    413: "That is too much",
    415: "That didn’t work",
}


def demand(
    site: Site, request: Request, what: Literal["verify", "setup"], next_path: str | None = None, reference: str = ""
) -> Answer:
    """The browser has to go to an own page first; ``next_path`` (else this request's own, if it is a GET) comes after."""
    urls = Urls.of(site, request)
    address = urls.verify if what == "verify" else urls.setup
    if not request.is_navigation:
        title = "Two-factor verification is required" if what == "verify" else "Two-factor set-up is required"
        return problem(
            403,
            f"{what}-required",
            title,
            f"Open {address} in a browser, then try again.",
            page=address,
            **_named(reference),
        )
    if request.method in ("GET", "HEAD") or next_path is not None:
        after = next_path or own_address(request) or urls.home
        return redirect(f"{address}?{urlencode({'next': after}, safe='/')}")
    return unsent(site, request, f"{address}?{urlencode({'next': urls.home}, safe='/')}", reference)


def new_reference() -> Flow[str]:
    """What people tell the service desk, and what stands in the event."""
    return base64.b32encode((yield from Random(_REFERENCE_BYTES))).decode()[:_REFERENCE_LETTERS]


def own_address(request: Request) -> str | None:
    """Path and query of this request, if a browser may be sent back there."""
    query = f"?{request.query.decode('latin-1')}" if request.query else ""
    path = quote(request.root + request.path, safe="/:@!$&'()*+,;=~", errors="surrogateescape")
    return local_path(path + query)


def unsent(site: Site, request: Request, address: str, reference: str = "") -> Answer:
    """The answer to a form of the app's that came too early. Its content is not kept."""
    from markupsafe import Markup

    return notice(
        site,
        request,
        403,
        "Please confirm first",
        Markup(
            "Your form has <strong>not</strong> been sent. "
            "Keep this tab, confirm in a new one, then go back here and send again."
        ),
        links=(("Confirm in a new tab", address, True),),
        reference=reference,
    )


def notice(
    site: Site,
    request: Request,
    status: int,
    title: str,
    *paragraphs: str,
    links: tuple[tuple[str, str] | tuple[str, str, bool], ...] = (),
    reference: str = "",
) -> Answer:
    return page(
        site,
        request,
        "notice.html",
        status,
        user="",
        title=title,
        paragraphs=paragraphs,
        links=links,
        reference=reference,
    )


def said(site: Site, request: Request, status: int, kind: str, detail: str, reference: str = "") -> Answer:
    """A refusal that names its reason: a page for people, a problem for programs."""
    title = _TITLES.get(status, "That didn’t work")
    if not request.is_navigation:
        return problem(status, kind, title, detail, **_named(reference))
    home = Urls.of(site, request).home
    links = ((f"Go to {site.label}", home),)
    return notice(site, request, status, title, detail, links=links, reference=reference)


def _named(reference: str) -> dict[str, str]:
    return {"reference": reference} if reference else {}


def our_fault(site: Site, request: Request, reference: str) -> Answer:
    """503: it cannot be told who may pass, so nobody may. The reference stands in the event too."""
    retry = (b"retry-after", str(RETRY_SECONDS).encode())
    detail = "We can’t check codes right now. It is our fault, not your phone’s. Try again in a minute."
    if not request.is_navigation:
        return problem(503, "unavailable", "Cannot check right now", detail, reference=reference).adding(retry)
    return notice(site, request, 503, "We can’t check right now", detail, reference=reference).adding(retry)
