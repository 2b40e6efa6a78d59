"""The toolkit's own pages: one module a page, each with what it shows and what its form does."""
