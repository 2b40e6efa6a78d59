"""Two-factor authentication in front of WSGI and ASGI apps that nobody changes."""
