"""Manage: the demo portal for administrators, a plain Starlette app."""
