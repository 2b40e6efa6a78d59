"""What ``twofa propose`` writes: settings that fit an app, as far as the app can be looked at.

A module for each framework, which is never imported here: an app's object tells what it is of. ``looking.py`` chooses,
``writing.py`` makes the file.
"""
