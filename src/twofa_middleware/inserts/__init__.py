"""The product's controls in the app's own pages: find the place, put the piece, read the form."""
