from shop import app

from twofa_middleware.asgi import TwoFactorMiddleware

application = TwoFactorMiddleware(app, "twofa.toml", name="shop")
