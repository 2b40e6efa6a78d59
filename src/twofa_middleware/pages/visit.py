"""One visit to an own page: who is there, in which browser, and what its forms carry."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from ..accounts.access import Access
from ..accounts.attempts import Accepted, Prepared, Proof, RecoveryCode, TotpCode
from ..asks import ReadBody
from ..browser import tokens
from ..browser.cookies import digest
from ..browser.origin import is_origin, is_own_form, local_path
from ..errors import BadRequest
from ..http import FORM_LIMIT_BYTES, FORM_LIMIT_SECONDS, Answer, Request, parse_form
from ..protocol import Flow, Login
from ..site import Site
from .render import Urls, page
from .texts import Message

FLOW_SECONDS = 86400
_FORM_TYPE = b"application/x-www-form-urlencoded"
_LONGEST_LENGTH = 20  # digits; int() itself refuses thousands of them


def _decoded(path: str) -> str:
    return unquote(path, errors="surrogateescape")


@dataclass(frozen=True, slots=True)
class Visit:
    """``flow`` is the flow cookie's token, ``flow_is_new`` whether the browser has yet to get it."""

    site: Site
    request: Request
    login: Login
    access: Access
    flow: bytes = field(repr=False)
    flow_is_new: bool

    @property
    def urls(self) -> Urls:
        return Urls.of(self.site, self.request)

    @property
    def flow_digest(self) -> bytes:
        return digest(self.flow)

    def token(self, purpose: str) -> str:
        return tokens.write(self.site.sealer, purpose, self.flow, self.site.name, self.login.user, self.request.now)

    def is_token(self, text: str, purpose: str) -> bool:
        """Whether it is a token of this visitor's for the purpose, and still good."""
        site, now = self.site, self.request.now
        return tokens.is_good(site.sealer, text, purpose, self.flow, site.name, self.login.user, now)

    def query(self, name: str) -> str:
        try:
            values = parse_qs(self.request.query.decode("latin-1"), max_num_fields=32).get(name, [""])
        except ValueError:  # more fields than any page of ours has
            return ""
        return values[0] if len(values) == 1 else ""

    def is_for_admins(self, path: str) -> bool:
        """Whether a path, as ``after`` gives it, is that of an administrators' page of this app."""
        below = _decoded(urlsplit(path).path)[len(_decoded(self.request.quoted_root)) :]
        start = self.site.settings.prefix + "/admin"
        return self.site.app.admin and (below == start or below.startswith(start + "/"))

    def mode(self) -> Literal["code", "recovery"]:
        return "recovery" if self.query("with") == "recovery" else "code"

    def after(self, wanted: str) -> str:
        """Where to go afterwards: the wanted path if it is one of the app's that is safe to go to, else home.

        Of our own pages only those for administrators are a goal: they are the only ones that a prompt stands before.
        """
        path = local_path(wanted)
        if path is None:
            return self.urls.home
        root = self.request.quoted_root
        below = _decoded(urlsplit(path).path)[len(_decoded(root)) :]
        prefix = self.site.settings.prefix
        strays = not {".", ".."}.isdisjoint(below.split("/"))  # a browser would take these steps before it asks
        loops = (below == prefix or below.startswith(prefix + "/")) and not self.is_for_admins(path)
        parts = urlsplit(path)
        logs_out_by = replace(self.request, method="GET", path=below, query=parts.query.encode())
        logs_out = any(rule.holds(logs_out_by) for rule in self.site.logout_rules)
        asks_log_in = below == self.site.app.login_page != self.site.app.home
        inside = not root or path == root or path.startswith((root + "/", root + "?"))
        return self.urls.home if strays or loops or logs_out or asks_log_in or not inside else path

    def page(self, template: str, message: Message | None = None, **variables: Any) -> Answer:
        """A page of ours for this person; the browser gets the flow cookie that the page's forms are bound to."""
        answer = page(
            self.site,
            self.request,
            template,
            message.status if message else 200,
            user=self.login.shown,
            logout_token=self.token("logout"),
            message=message,
            **variables,
        ).adding(*(message.headers if message else ()))
        cookies = self.site.cookies
        return answer.adding(cookies.write(cookies.flow, self.flow, FLOW_SECONDS)) if self.flow_is_new else answer

    def with_cookies(self, answer: Answer, prepared: Prepared) -> Answer:
        """The answer with the cookies that have been earned."""
        cookies = self.site.cookies
        if prepared.pass_cookie is not None:
            lasting = self.site.settings.pass_hours * 3600
            answer = answer.adding(cookies.write(cookies.passes, prepared.pass_cookie.dump(), lasting))
        if prepared.browser_token is not None:
            lasting = self.site.settings.remembered_days * 86400
            answer = answer.adding(cookies.write(cookies.browser(self.access.user), prepared.browser_token, lasting))
        return answer

    def accepted(self, answer: Answer, verdict: Accepted) -> Answer:
        """The answer to a right code: its cookies, and a new flow next time, since this one has been used."""
        return self.with_cookies(answer, verdict.prepared).adding(self.site.cookies.expire(self.site.cookies.flow))


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of an own form whose token was good."""

    fields: dict[str, str] = field(repr=False)

    def get(self, name: str) -> str:
        return self.fields.get(name, "")

    def required(self, name: str) -> str:
        if name not in self.fields:
            raise BadRequest(400, f"The form lacks the field {name}.")
        return self.fields[name]

    def proof(self) -> Proof:
        """The one code that the form carries; none or both is a BadRequest 400."""
        if ("code" in self.fields) == ("recovery" in self.fields):
            raise BadRequest(400, "The form needs a code, or a recovery code.")
        return TotpCode(self.fields["code"]) if "code" in self.fields else RecoveryCode(self.fields["recovery"])


class StaleForm(BadRequest):
    """The form was not drawn for this browser, this user and this purpose, or too long ago."""

    def __init__(self) -> None:
        super().__init__(403, "This form is out of date. Go back, load the page again and send it once more.")


class ForeignForm(BadRequest):
    """The browser says that the form was not sent by a page of the app's origins."""

    def __init__(self, visit: Visit) -> None:
        first = visit.site.app.origins[0]
        if visit.request.values(b"sec-fetch-site") == [b"same-origin"]:
            # The browser is on a page of ours, by an address that the settings do not name.
            said = f"This site goes by another address. Open it at {first} and try again there."
        else:
            said = f"This form came from another address, so nothing has been done. Open {first} and try again there."
        super().__init__(403, said)


def _tell_of_foreign_form(visit: Visit) -> Flow[None]:
    site, request = visit.site, visit.request
    sent = (request.header(b"origin") or b"").decode("latin-1")[:200]
    facts = {"origin": sent, "origins": ", ".join(site.app.origins)}
    # A browser that names another site as the sender has met one: that is no reason to trust the site.
    if is_origin(sent) and request.values(b"sec-fetch-site") in ([], [b"same-origin"]):
        facts["remedy"] = f"if people open this app at {sent}, add it to `origins` of [apps.{site.name}]"
    yield from site.warn("form of another origin refused", request.now, **facts)


def read_form(visit: Visit, purpose: str, covers: str = "") -> Flow[Form]:
    """The fields of a POST to an own page. Nothing is read that is not small, urlencoded and from this origin.

    ``covers`` names a field that the token vouches for: what the page showed when the form was drawn.
    """
    request = visit.request
    if not is_own_form(request, visit.site.app.origins):
        yield from _tell_of_foreign_form(visit)
        raise ForeignForm(visit)
    kind, _, parameters = (request.header(b"content-type") or b"").lower().partition(b";")
    charset = parameters.replace(b" ", b"").replace(b'"', b"")
    if kind.strip() != _FORM_TYPE or charset not in (b"", b"charset=utf-8") or request.values(b"content-encoding"):
        raise BadRequest(415, "The form has to be sent as application/x-www-form-urlencoded in UTF-8.")
    length = request.header(b"content-length") or b"0"
    if not length.isdigit():
        raise BadRequest(400, "The length of the form is no number.")
    if len(length) > _LONGEST_LENGTH or int(length) > FORM_LIMIT_BYTES:
        raise BadRequest(413, f"The form may have {FORM_LIMIT_BYTES} bytes.")
    form = Form(parse_form((yield from ReadBody(FORM_LIMIT_BYTES, FORM_LIMIT_SECONDS))))
    drawn_for = covering(purpose, form.get(covers)) if covers else purpose
    if visit.flow_is_new or not visit.is_token(form.get("token"), drawn_for):
        raise StaleForm
    return form


def covering(purpose: str, value: object) -> str:
    """The purpose of a token that vouches for a field of its form as well."""
    return f"{purpose}, {value}"
