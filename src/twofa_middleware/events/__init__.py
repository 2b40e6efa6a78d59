"""Where audit events go: each sink is a plugin of the group ``twofa_middleware.events`` (``protocol.Sink``)."""
