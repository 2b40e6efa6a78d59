"""Django's admin behind the gate, as the recipe says, on servers that people use."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import ClassVar

import pytest

from apps.django import recipe
from apps.django.admin_story import AdminStory
from support.projects import HOST, PASSWORD, Project, opened, run
from support.servers import ANSWER_SECONDS
from support.story import Asked
from support.town import MACHINE_SECONDS
from support.visitor import NAVIGATION

GUNICORN = ("gunicorn", "--bind=127.0.0.1:{port}", "--no-control-socket", "{app}")
UVICORN = ("uvicorn", "--host=127.0.0.1", "--port={port}", "--lifespan=off", "{app}")
SERVERS = {
    "outside, gunicorn": ("shop.wsgi:application", "guarded:application", (*GUNICORN, "--workers=2")),
    "outside, gunicorn gthread": ("shop.wsgi:application", "guarded:application", (*GUNICORN, "--threads=4")),
    "outside, uvicorn": ("shop.asgi:application", "guarded_asgi:application", UVICORN),
    "MIDDLEWARE, gunicorn": ("shop.wsgi:application", "inside_wsgi:application", (*GUNICORN, "--workers=2")),
    "MIDDLEWARE, uvicorn": ("shop.asgi:application", "inside_asgi:application", UVICORN),
}
# The servers of a test all get the same environment.
INSIDE = """import os

os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings_2fa"

from shop.{colour} import application
"""
INSERT = """
[[apps.shop.inserts]]
path = "/admin/password_change/"
selector = "#user-tools"
what = "profile-link"
"""
FILES = recipe.files() | {f"inside_{colour}.py": INSIDE.format(colour=colour) for colour in ("wsgi", "asgi")}
FILES["twofa.toml"] += INSERT


@pytest.fixture(scope="module", params=SERVERS)
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    app, wrapped, command = SERVERS[request.param]
    folder = tmp_path_factory.mktemp("django")
    prepare = ("python", "make_people.py")
    with opened("django", folder, *command, app=app, wrapped=wrapped, prepare=prepare, files=FILES) as project:
        yield project


class TestDjango(AdminStory):
    anonymous: ClassVar[list[Asked]] = [
        ("GET", "/admin/login/?next=%2Fadmin%2F", NAVIGATION, b""),
        ("GET", "/orders/", [], b""),
        ("GET", "/orders/async/", [], b""),
        ("GET", "/admin/nothing", NAVIGATION, b""),
        ("POST", "/upload/", [], b"x" * 100_000),
    ]

    def test_a079_a_copied_session_is_dead_after_our_log_out(self, project: Project) -> None:
        _, visitor = self.enrolled(project)
        copied = project.browser()
        copied.cookies |= visitor.cookies
        bare = project.browser()
        bare.cookies["sessionid"] = visitor.cookies["sessionid"]
        visitor.fill(visitor.go("/2fa/account"), "/logout")
        assert "sessionid" not in visitor.cookies
        self.is_outside(copied)
        self.is_outside(bare)

    def test_a_new_password_asks_here_and_ends_the_other_sessions(self, project: Project) -> None:
        name, visitor = self.enrolled(project)
        elsewhere = self.in_a_new_browser(visitor, project)
        self.log_in(elsewhere, name)
        self.confirm(elsewhere)
        self.is_inside(elsewhere, name)
        new = "Kettle-Maple-8"
        fields = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
        fields["csrfmiddlewaretoken"] = visitor.cookies["csrftoken"]
        visitor.post("/admin/password_change/", fields)
        self.is_asked(visitor, name)
        self.is_outside(elsewhere)
        self.confirm(visitor)
        self.is_inside(visitor, name)

    def test_a065_whoever_is_in_an_enforced_group_sets_up_first(self, project: Project) -> None:
        inside = {"DJANGO_SETTINGS_MODULE": "shop.settings", "SECRET_KEY": "the secret of the shop"}
        run(project.wrapped.folder, "twofa", "enforce", "Managers", "--yes", environ=inside)
        manager, editor = project.browser(), project.browser()
        self.log_in(editor, "erin38")
        self.is_inside(editor, "erin38")
        reply = self.log_in(manager, "erin40")
        assert (reply.header("location") or "").startswith("/2fa/setup")
        assert (manager.go(self.page).header("location") or "").startswith("/2fa/setup")
        assert manager.fetch(self.api).status == 403
        manager.set_up()
        self.is_inside(manager, "erin40")

    def test_a_superuser_finds_people_and_their_groups(self, project: Project) -> None:
        ada = project.browser()
        self.log_in(ada, "ada")
        ada.set_up()
        assert "erin12@example.org" in ada.go("/2fa/admin/users?q=erin12").text
        roles = ada.go("/2fa/admin/roles").text
        assert all(role in roles for role in ("Administrator", "Editors", "Managers"))
        editor = project.browser()
        self.log_in(editor, "erin38")
        assert editor.go("/2fa/admin/users").status in (303, 403)

    def test_uploads_files_and_streams_pass_whole(self, project: Project) -> None:
        name, visitor = self.enrolled(project)
        token = ("X-CSRFToken", visitor.cookies["csrftoken"])
        sent = visitor.fetch("/upload/", "POST", [token, ("Origin", visitor.origin)], b"x" * 1_000_000)
        assert json.loads(sent.body) == {"user": name, "length": 1_000_000}
        assert b"async def async_orders" in visitor.go("/source/").body
        assert visitor.go("/report/").body == b"line 0\nline 1\nline 2\n"
        assert json.loads(visitor.fetch("/orders/async/").body)["user"] == name

    def test_the_app_gets_no_cookie_of_ours(self, project: Project) -> None:
        _, visitor = self.enrolled(project)
        assert any(name.startswith("2fa-") for name in visitor.cookies)
        assert json.loads(visitor.fetch("/cookies/").body) == {"cookies": ["csrftoken", "sessionid"]}
        visitor.cookies["sessionid"] = "x" * 32  # nobody's, so it is taken out too
        assert json.loads(visitor.fetch("/cookies/").body) == {"cookies": ["csrftoken"]}

    def test_a_link_stands_in_a_page_of_the_admin(self, project: Project) -> None:
        name, visitor = project.newcomer(), project.browser()
        self.log_in(visitor, name)
        page = visitor.go("/admin/password_change/")
        assert page.text.count("/2fa/setup") == 1
        assert page.text.rstrip().endswith("</html>")
        assert page.header("content-length") in (None, str(len(page.body)))

    def test_a015_a_stream_ends_once_its_log_in_has(self, project: Project) -> None:
        _, visitor = self.enrolled(project)
        path = "/news/async/" if b"uvicorn" in visitor.exchange.raw("HEAD", "/", []) else "/news/"  # type: ignore[attr-defined]
        sent = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
        with closing(http.client.HTTPConnection("127.0.0.1", project.wrapped.port, timeout=ANSWER_SECONDS)) as stream:
            stream.request("GET", path, headers={"Host": HOST, "Cookie": sent, "Accept": "text/event-stream"})
            answer = stream.getresponse()
            assert (answer.status, answer.readline()) == (200, b"data: 0\n")
            self.log_out(visitor)
            got = b""
            with suppress(http.client.IncompleteRead, ConnectionError):
                while piece := answer.read1(65536):
                    got += piece
            assert b"data: 299" not in got

    def test_a015_under_asgi_a_stream_ends_also_while_nothing_comes(self, project: Project) -> None:
        _, visitor = self.enrolled(project)
        if b"uvicorn" not in visitor.exchange.raw("HEAD", "/", []):  # type: ignore[attr-defined]
            return  # under WSGI nobody can be asked while the view waits
        sent = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
        with closing(http.client.HTTPConnection("127.0.0.1", project.wrapped.port, timeout=ANSWER_SECONDS)) as stream:
            stream.request("GET", "/news/quiet/", headers={"Host": HOST, "Cookie": sent, "Accept": "text/event-stream"})
            answer = stream.getresponse()
            assert (answer.status, answer.readline()) == (200, b"data: 0\n")
            self.log_out(visitor)
            ended = time.monotonic()
            assert answer.read().strip() == b""
            assert time.monotonic() - ended < 2 + MACHINE_SECONDS
