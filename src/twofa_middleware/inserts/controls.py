"""The controls themselves: what is drawn for whom. Plain elements without script or style, well-formed as XML too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from ..accounts.access import Access
from ..accounts.administer import look_at
from ..accounts.people import find_person
from ..accounts.rules import Flag, key_of, read_flags
from ..http import Request
from ..pages.admin import door
from ..pages.notices import own_address
from ..pages.render import Urls, fragment
from ..protocol import Flow, Login
from ..site import Site
from .rules import InsertRule
from .shown import Shown, token_of


@dataclass(frozen=True, slots=True)
class Scene:
    """For whom the page is drawn, and under which pass."""

    site: Site
    request: Request
    login: Login
    access: Access

    @property
    def urls(self) -> Urls:
        return Urls.of(self.site, self.request)


def draw(scene: Scene, rule: InsertRule, target: str | None) -> Flow[str]:
    """The markup of a control; empty where there is nothing to show."""
    match rule.what:
        case "profile-link" | "template":
            return _profile_link(scene, rule)
        case "user-checkbox":
            return (yield from _user_checkbox(scene, rule, target or ""))
        case "role-checkbox":
            return (yield from _role_checkbox(scene, rule, target or ""))
        case "role-mark":
            return (yield from _role_mark(scene, rule, target or ""))


def _profile_link(scene: Scene, rule: InsertRule) -> str:
    is_on = scene.access.account.is_enrolled
    after = urlencode({"next": own_address(scene.request) or scene.urls.home}, safe="/")
    address = scene.urls.disable if is_on else f"{scene.urls.setup}?{after}"
    return _drawn(scene, rule, "profile-link", is_on=is_on, address=address)


def _user_checkbox(scene: Scene, rule: InsertRule, target: str) -> Flow[str]:
    site, now = scene.site, scene.request.now
    person = (yield from find_person(site.desk, target)) if target else None
    if person is None:
        return ""
    seen = yield from look_at(site.desk, person, now)
    may_act, hint, prove = yield from _standing(scene)
    if person.user == scene.login.user:  # the page may write the id in another way
        may_act, hint, prove = False, "You change your own on your account page.", scene.urls.account
    shown = Shown("user-checkbox", target, seen.is_on, seen.generation)
    if not seen.is_on:
        hint = "Only the user can turn it on."
    return _drawn(scene, rule, "checkbox", **_box(scene, shown, may_act and seen.is_on, hint, prove))


def _role_checkbox(scene: Scene, rule: InsertRule, target: str) -> Flow[str]:
    if not target:
        return ""
    desk = scene.site.desk
    flags = yield from read_flags(desk)
    flag = flags.get(target, Flag(target, key_of(desk, target)))
    may_act, hint, prove = yield from _standing(scene)
    is_pinned = target in desk.pinned
    if is_pinned:
        may_act, hint, prove = False, "The settings of the server pin this.", ""
    shown = Shown("role-checkbox", target, flag.is_enforced or is_pinned, flag.version)
    return _drawn(scene, rule, "checkbox", **_box(scene, shown, may_act, hint, prove))


def _role_mark(scene: Scene, rule: InsertRule, target: str) -> Flow[str]:
    flags = yield from read_flags(scene.site.desk)
    is_on = target in scene.site.desk.pinned or (target in flags and flags[target].is_enforced)
    return _drawn(scene, rule, "role-mark") if is_on else ""


def _standing(scene: Scene) -> Flow[tuple[bool, str, str]]:
    """Whether the viewer may act, else why not, and where that can be changed."""
    if not (yield from door.is_administrator(scene.site, scene.login, scene.request)):
        return False, "Only administrators of two-factor authentication can change this.", ""
    if door.is_fresh(scene.site, scene.access, scene.request.now):
        return True, "", ""
    if not scene.access.account.is_enrolled:
        return False, "Set up your own two-factor authentication to change this.", scene.urls.setup
    return False, "Confirm that it is you to change this.", prove_again(scene)


def prove_again(scene: Scene) -> str:
    """Where an administrator shows a factor once more, and then comes back to this page."""
    after = urlencode({"next": own_address(scene.request) or scene.urls.home, "again": "1"}, safe="/")
    return f"{scene.urls.verify}?{after}"


def _box(scene: Scene, shown: Shown, may_act: bool, hint: str, prove: str) -> dict[str, Any]:
    digest = scene.access.pass_digest
    is_live = may_act and digest is not None
    return {
        "what": shown.what,
        "is_on": shown.is_on,
        "may_act": is_live,
        "hint": hint,
        "prove": prove,
        "state": shown.dump() if is_live else "",
        "token": token_of(scene.site, scene.login, scene.request.path, digest, shown, scene.request.now)
        if is_live and digest is not None
        else "",
    }


def _drawn(scene: Scene, rule: InsertRule, control: str, **variables: Any) -> str:
    own = rule.settings.template
    folder = scene.site.settings.folder
    return fragment(
        folder / own if own else f"insert_{control.replace('-', '_')}.html",
        wrap=rule.settings.wrap,
        classes=rule.settings.classes,
        user=scene.login.shown,
        urls=scene.urls,
        **variables,
    )
