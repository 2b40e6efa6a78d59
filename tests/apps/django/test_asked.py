"""Django is asked itself who is logged in and in which groups: by a page of its own, for session, password, and token."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import pytest

from apps.django import recipe
from apps.django.admin_story import AdminStory
from support.exchange import Pairs
from support.projects import PASSWORD, Project, opened, run
from support.visitor import Visitor

GUNICORN = ("gunicorn", "--bind=127.0.0.1:{port}", "--no-control-socket", "{app}", "--threads=4")
UVICORN = ("uvicorn", "--host=127.0.0.1", "--port={port}", "--lifespan=off", "{app}")
SERVERS = {
    "outside, gunicorn": ("shop.wsgi:application", "guarded:application", GUNICORN),
    "outside, uvicorn": ("shop.asgi:application", "guarded_asgi:application", UVICORN),
    "MIDDLEWARE, gunicorn": ("shop.wsgi:application", "inside_wsgi:application", GUNICORN),
    "MIDDLEWARE, uvicorn": ("shop.asgi:application", "inside_asgi:application", UVICORN),
}
INSIDE = """import os

os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings_2fa"

from shop.{colour} import application
"""
SETTINGS = """
realm = "shop"
name = "The shop"
support = "Service desk, ext. 4711"
roles = {{ use = "probe", page = "/me/", user = "id", roles = "groups" }}

[apps.shop]
origins = ["http://localhost:8000"]
login = ["POST /admin/login/"]
logout = ["POST /admin/logout/"]
login_page = "/admin/login/"
home = "/admin/"
identity = [
    {{ use = "probe", page = "/me/", cookies = ["sessionid"], user = "id", anonymous = {{ status = 401 }} }},
    {{ use = "basic", paths = ["ANY /me/"], page = "/me/", user = "id" }},
    {{ use = "bearer", paths = ["ANY /me/"], page = "/me/", user = "id" }},
]
""".format()
FILES = recipe.files() | {f"inside_{colour}.py": INSIDE.format(colour=colour) for colour in ("wsgi", "asgi")}
FILES |= {"twofa.toml": SETTINGS}


@pytest.fixture(scope="module", params=SERVERS)
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    app, wrapped, command = SERVERS[request.param]
    folder = tmp_path_factory.mktemp("django")
    prepare = ("python", "make_people.py")
    with opened("django", folder, *command, app=app, wrapped=wrapped, prepare=prepare, files=FILES) as project:
        yield project


def with_password(name: str, password: str = PASSWORD) -> Pairs:
    return [("Authorization", "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode())]


def with_token(name: str) -> Pairs:
    return [("Authorization", f"Bearer token-of-{name}")]


class TestAsked(AdminStory):
    shows_session = False

    @pytest.mark.parametrize("headers", [with_password, with_token])
    def test_a019_a_door_is_closed_to_whoever_has_a_second_factor(self, project: Project, headers: object) -> None:
        assert callable(headers)
        name, other = self.enrolled(project)[0], project.newcomer()
        ask = project.browser().exchange.request
        assert json.loads(ask("GET", "/me/", headers(other)).body)["name"] == other
        refused = ask("GET", "/me/", headers(name))
        assert (refused.status, refused.header("content-type")) == (403, "application/problem+json")
        assert ask("GET", "/orders/", headers(other)).status == 403

    def test_a_wrong_password_gets_the_apps_own_answer_at_a_door(self, project: Project) -> None:
        for headers in (with_password("erin1", "wrong"), with_token("nobody")):
            bare, here = (browser.exchange.request("GET", "/me/", headers) for browser in self._both(project))
            assert (here.status, here.body) == (bare.status, bare.body) == (401, b'{"id": null}')

    def test_an_upload_is_asked_about_while_its_view_is_at_work(self, project: Project) -> None:
        name, visitor = self.enrolled(project)
        token = ("X-CSRFToken", visitor.cookies["csrftoken"])
        sent = visitor.fetch("/upload/", "POST", [token, ("Origin", visitor.origin)], b"x" * 1_000_000)
        assert json.loads(sent.body) == {"user": name, "length": 1_000_000}

    def test_a065_whoever_is_in_an_enforced_group_sets_up_first_also_by_a_token(self, project: Project) -> None:
        inside = {"DJANGO_SETTINGS_MODULE": "shop.settings", "SECRET_KEY": "the secret of the shop"}
        run(project.wrapped.folder, "twofa", "enforce", "Managers", "--unseen", "--yes", environ=inside)
        manager, editor = project.browser(), project.browser()
        ask = project.browser().exchange.request
        self.log_in(editor, "erin38")
        self.is_inside(editor, "erin38")
        assert json.loads(ask("GET", "/me/", with_token("erin38")).body)["name"] == "erin38"
        assert (self.log_in(manager, "erin40").header("location") or "").startswith("/2fa/setup")
        assert manager.fetch(self.api).status == 403
        assert ask("GET", "/me/", with_token("erin40")).status == 403
        manager.set_up()
        self.is_inside(manager, "erin40")

    def _both(self, project: Project) -> tuple[Visitor, Visitor]:
        return project.bare_browser(), project.browser()
