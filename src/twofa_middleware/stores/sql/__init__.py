"""What each question does to the tables of ``schema.sql``, inside the transaction that ``sqlite.py`` has begun.

Each function takes the connection and a question, and touches only rows of that question's user; those of the realm
(``roles``, ``events``, ``counts``, ``marks``) have tables of their own, and ``events`` empties the users' logs. It
compares first and writes last: whoever answers Moved, SpentBefore, Waiting or Stopped has counted and changed nothing.
After each of them ``notes`` writes what the question has to note, whatever came of it.
"""
