"""The signed session is written again into every answer, with the time of now."""

import secrets
import time

import web
from itsdangerous import BadData, URLSafeTimedSerializer

signer = URLSafeTimedSerializer(web.SECRET, salt="shop")


def facts_of(request):
    try:
        return signer.loads(request.cookies.get("session", ""), max_age=3600)
    except BadData:
        return {}


def handle(request):
    facts, form = facts_of(request), request.form
    if (request.method, request.path) == ("POST", "/login"):
        if not web.knows(form.get("name", ""), form.get("password", "")):
            return web.wrong()
        facts = {"user": form["name"], "login": secrets.token_hex(8)}
        answer = web.go("/me")
    elif (request.method, request.path) == ("POST", "/logout"):
        return web.go("/").keep("session", "")
    else:
        answer = web.shop(request, facts.get("user"))
    return answer.keep("session", signer.dumps({**facts, "seen": time.time_ns()})) if facts else answer


app, asgi_app = web.wsgi(handle), web.asgi(handle)
