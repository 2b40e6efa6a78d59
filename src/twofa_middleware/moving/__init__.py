"""Moving house: what a realm's store holds, carried into a sealed file and out of it again; and accounts from elsewhere.

An entry is carried at a time, and nothing holds them all: a file may have more people than the memory has room for.
"""
