"""A project with Django's admin. It knows nothing of a second factor."""
