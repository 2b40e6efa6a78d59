-- Shared by the scripts about the realm as a whole: its keys, all in one slot.

local ROLES, LOG, LONG, EVENTS, COUNTS, MARKS = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local HASHES = { ROLES, LOG, LONG, COUNTS, MARKS }
