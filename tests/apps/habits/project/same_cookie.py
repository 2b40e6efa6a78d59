"""The cookie is the name and its signature: the same at every log-in and in every browser. Log-out is a GET."""

import hashlib
import hmac

import web


def cookie_of(name):
    return name + "." + hmac.new(web.SECRET, name.encode(), hashlib.sha256).hexdigest()


def user_of(cookie):
    name = cookie.partition(".")[0]
    return name if name in web.people and hmac.compare_digest(cookie, cookie_of(name)) else None


def handle(request):
    form = request.form
    if (request.method, request.path) == ("POST", "/login"):
        if not web.knows(form.get("name", ""), form.get("password", "")):
            return web.wrong()
        return web.go("/me").keep("auth", cookie_of(form["name"]))
    if request.path == "/bye":
        return web.go("/").keep("auth", "")
    return web.shop(request, user_of(request.cookies.get("auth", "")))


app, asgi_app = web.wsgi(handle), web.asgi(handle)
