-- Shared by the scripts about an index, in which the users stand whose keys begin with one letter: its keys, both in
-- one slot. An entry with nothing behind it does no harm.

local DIRTY, KNOWN = KEYS[1], KEYS[2]
