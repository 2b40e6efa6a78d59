"""The WSGI adapter: it translates an environ for the gate and decides nothing."""
