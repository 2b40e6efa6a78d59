"""What other systems write: each format in a module, which answers records one at a time.

A record is taken, passed over or refused, and named by where it stands. What is said of it never has anything out of it.
"""
