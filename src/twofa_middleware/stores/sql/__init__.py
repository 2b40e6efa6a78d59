"""What each question does to the tables of ``schema.sql``, inside the transaction that ``sqlite.py`` has begun.

Each function takes the connection and a question, and touches only rows of that question's user. It compares first and
writes last: whoever answers Moved, SpentBefore, Waiting or Stopped has counted and changed nothing.
"""
