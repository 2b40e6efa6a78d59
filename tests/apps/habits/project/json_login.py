"""Log-in by JSON: 204 and a cookie, or 400 and a word; log-out is DELETE."""

import json
import secrets

import web


def handle(request):
    id = request.cookies.get("sid", "")
    if request.path == "/api/session" and request.method == "POST":
        try:
            told = json.loads(request.body)
            right = web.knows(told["name"], told["password"])
        except (ValueError, KeyError, TypeError):
            right = False
        if not right:
            return web.Answer('{"error": "wrong name or password"}', 400, kind="application/json")
        id = secrets.token_hex(16)
        web.write_session(id, told["name"], id[:8])
        return web.Answer(status=204).keep("sid", id)
    if request.path == "/api/session" and request.method == "DELETE":
        web.write_session(id, None)
        return web.Answer(status=204).keep("sid", "")
    return web.shop(request, web.session_of(id)[0])


app, asgi_app = web.wsgi(handle), web.asgi(handle)
