-- Shared by the scripts about an index, in which users stand whose keys have the same first letter: its keys, both in one
-- slot. Entries without anything behind them do no harm.

local DIRTY, KNOWN = KEYS[1], KEYS[2]
