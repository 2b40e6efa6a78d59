"""A session in the memory of the browser, and a second cookie that logs in again by itself once the first is gone."""

import hashlib
import hmac
import secrets

import web


def remembered(name):
    return name + "." + hmac.new(web.SECRET, b"remember " + name.encode(), hashlib.sha256).hexdigest()


def remembers(cookie):
    name = cookie.partition(".")[0]
    return name if name in web.people and hmac.compare_digest(cookie, remembered(name)) else None


def handle(request):
    id, form = request.cookies.get("sid", ""), request.form
    user, _ = web.session_of(id)
    again = None if user else remembers(request.cookies.get("remember", ""))
    if (request.method, request.path) == ("POST", "/login"):
        if not web.knows(form.get("name", ""), form.get("password", "")):
            return web.wrong()
        again = form["name"]
        answer = web.go("/me").keep("remember", remembered(again))
    elif (request.method, request.path) == ("POST", "/logout"):
        web.write_session(id, None)
        return web.go("/").keep("sid", "").keep("remember", "")
    else:
        answer = web.shop(request, user or again)
    if again:
        id = secrets.token_hex(16)
        web.write_session(id, again, id[:8])
        answer.keep("sid", id)
    return answer


app, asgi_app = web.wsgi(handle), web.asgi(handle)
