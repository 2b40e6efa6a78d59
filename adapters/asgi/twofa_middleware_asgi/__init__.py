"""The ASGI adapter: it translates a scope for the gate and decides nothing."""
