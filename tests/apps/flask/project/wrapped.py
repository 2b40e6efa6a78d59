from shop import app

from twofa_middleware.wsgi import TwoFactorMiddleware

application = TwoFactorMiddleware(app, "twofa.toml", name="shop")
