"""Which administrators' page a request asks for; nothing is shown or done before the door has been passed."""

from __future__ import annotations

from ...http import Answer, Request
from ...protocol import Flow
from ...site import Site
from ..notices import said
from ..page import wrong_method
from ..visit import Visit
from . import door, events, overview, role, roles, user, users

SHOWS = {
    "": overview.show,
    "/users": users.show,
    "/user": user.show,
    "/roles": roles.show,
    "/role": role.show,
    "/events": events.show,
}
SUBMITS = {"/user": user.submit, "/role": role.submit}


def is_asked(site: Site, request: Request) -> bool:
    """Whether the app has administrators' pages, and the request is for one of them, or for one that is none."""
    start = site.settings.prefix + "/admin"
    is_below = request.path == start or request.path.startswith(start + "/")
    return site.app.admin and request.kind == "http" and is_below


def serve(visit: Visit) -> Flow[Answer]:
    """The page that an administrator asks for."""
    site, request = visit.site, visit.request
    name = request.path.removeprefix(site.settings.prefix + "/admin").rstrip("/")
    if name not in SHOWS:
        return said(site, request, 404, "not-found", "There is no such page here.")
    refusal = wrong_method(site, request, SHOWS[name], SUBMITS.get(name)) or (yield from door.refusal(visit))
    if refusal is not None:
        return refusal
    return (yield from (SUBMITS if request.method == "POST" else SHOWS)[name](visit))
