"""Produce: the demo portal for end users, a plain Werkzeug app."""
