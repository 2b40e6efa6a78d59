"""A plugin of each kind for twofa-middleware."""
