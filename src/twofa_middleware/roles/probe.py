"""``probe``: a page of the app's own names the roles of who is logged in, and who that is.

    roles = { use = "probe", page = "/api/me", user = "id", roles = "groups" }
    roles = { use = "probe", page = "/me", format = "text", user = 'data-user="(\\d+)"', roles = '<li class="role">([^<]+)<' }

In JSON the path leads to a list of names; in text each match of the pattern is one. A page that names somebody else, or
cannot be read, refuses the request: whoever's roles these are, they are not those of the login.
"""

from __future__ import annotations

import html
from typing import ClassVar

import msgspec

from ..app_page import FactOptions, Facts, Question, fact_at, parse_json
from ..app_page.facts import ACCEPTS, check_path, pattern_of, text_of
from ..asks import AppAnswer
from ..errors import AppUnreadable
from ..http import Request
from ..protocol import Flow, Login, PluginContext
from .groups import with_groups

CREDENTIALS = (b"cookie", b"authorization")


class ProbeRolesOptions(FactOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``page``: the app's page, asked with the cookies and the Authorization header of the request. ``user``: where it
    names the id; ``roles``: where it names roles and groups. ``groups``: group → roles, and groups again."""

    page: str
    user: str
    roles: str
    groups: dict[str, list[str]] = msgspec.field(default_factory=dict)


class ProbeRoles:
    """Asks a page of the app's."""

    Options: ClassVar[type] = ProbeRolesOptions

    def __init__(self, options: ProbeRolesOptions, context: PluginContext) -> None:
        where = "roles (probe)"
        self._facts = Facts(options.user, options, where)
        self._path = options.roles
        self._pattern = None
        if options.format == "text":
            self._pattern = pattern_of(options.roles, f"{where}: roles", groups=1)
        else:
            check_path(options.roles, f"{where}: roles")
        self._groups = options.groups
        self._question = Question(options.page, options, ACCEPTS[options.format], context, where)

    def roles_of(self, login: Login, request: Request) -> Flow[frozenset[str]]:
        """The roles; raises AppUnreadable or ValueError where the page does not tell those of the login."""
        credentials = tuple((name, request.header_line(name)) for name in CREDENTIALS if request.values(name))
        answer = yield from self._question.ask(request, credentials, turn=[value for _, value in credentials])
        if answer.status != 200:
            raise AppUnreadable(f"{self._question.page} answered {answer.status} to the question for roles")
        if self._facts.login(answer).user != login.user:
            raise AppUnreadable(f"{self._question.page} names the roles of somebody else")
        return with_groups(self._names(answer), self._groups)

    def _names(self, answer: AppAnswer) -> list[str]:
        if self._pattern is not None:
            text, is_html = text_of(answer)
            return [html.unescape(name) if is_html else name for name in self._pattern.findall(text)]
        found = fact_at(parse_json(answer), self._path)
        if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
            raise ValueError(f"there is no list of names at {self._path}")
        return found
