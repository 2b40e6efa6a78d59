"""The administrators' pages: one module a page. Who may see them is decided in ``door.py``, for all of them alike."""
