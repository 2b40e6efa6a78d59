"""The shop of the recipe for any WSGI app: its cookie says nothing, its page /api/me does."""

from kept_cookie import app, asgi_app

__all__ = ["app", "asgi_app"]
