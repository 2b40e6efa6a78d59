"""A shop with Pyramid and its AuthTktCookieHelper: a ticket with the user in it, which is the same for all log-ins."""

import json
import os
from hmac import compare_digest
from pathlib import Path

from pyramid.authentication import AuthTktCookieHelper
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther, HTTPUnauthorized
from pyramid.response import Response

people = json.loads(Path(__file__).with_name("people.json").read_text())


class Policy:
    def __init__(self):
        self.helper = AuthTktCookieHelper(os.environ["SECRET_KEY"], hashalg="sha512")

    def identity(self, request):
        found = self.helper.identify(request)
        return found["userid"] if found else None

    authenticated_userid = identity

    def permits(self, request, context, permission):
        return True

    def remember(self, request, userid, **kw):
        return self.helper.remember(request, userid, **kw)

    def forget(self, request, **kw):
        return self.helper.forget(request, **kw)


def home(request):
    return Response("<h1>The shop</h1>")


def login(request):
    name, password = request.POST.get("name", ""), request.POST.get("password", "")
    if not compare_digest(people.get(name, "\0"), password):
        return HTTPUnauthorized()
    return HTTPSeeOther("/me", headers=request.registry.policy.remember(request, name))


def logout(request):
    return HTTPSeeOther("/", headers=request.registry.policy.forget(request))


def me(request):
    if request.authenticated_userid is None:
        return HTTPUnauthorized()
    return Response(f"<p>{request.authenticated_userid}</p>")


def api(request):
    return {"user": request.authenticated_userid}


with Configurator() as config:
    config.registry.policy = Policy()
    config.set_security_policy(config.registry.policy)
    for path, view in {"/": home, "/login": login, "/logout": logout, "/me": me}.items():
        config.add_route(view.__name__, path)
        config.add_view(view, route_name=view.__name__)
    config.add_route("api", "/api/me")
    config.add_view(api, route_name="api", renderer="json")
    app = config.make_wsgi_app()
