-- Shared by the scripts about one user: his keys, all in one slot.

local ACCOUNT, SEEN, LOG, LONG = KEYS[1], KEYS[4], KEYS[5], KEYS[6]
local PASSES = { key = KEYS[2], letter = 'p' }
local BROWSERS = { key = KEYS[2], letter = 'b' }
local PENDING = { key = KEYS[3], letter = 's' }
local HASHES = KEYS
