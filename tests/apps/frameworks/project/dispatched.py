"""The shop below /shop of another app, by werkzeug."""

from flask import Flask
from flask_shop import app as shop
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from twofa_middleware.wsgi import TwoFactorMiddleware

front = Flask(__name__)
front.get("/")(lambda: "the front door")

app = DispatcherMiddleware(front, {"/shop": shop})
application = DispatcherMiddleware(front, {"/shop": TwoFactorMiddleware(shop, "flask_shop.toml", name="shop")})
