"""Who must have a second factor, and the one language in which paths are written."""
