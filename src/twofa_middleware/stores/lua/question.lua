-- Shared by every script: the question as a table with the fields of its class in asks.py, and numbers as Redis wants
-- them (Lua's own tostring would round). All five keys are of one user and lie in one slot.

local ask = cmsgpack.unpack(ARGV[1])
local ACCOUNT, SEEN = KEYS[1], KEYS[5]
local PASSES = { key = KEYS[2], letter = 'p' }
local BROWSERS = { key = KEYS[3], letter = 'b' }
local PENDING = { key = KEYS[4], letter = 's' }

local function text(number)
    return string.format('%.0f', number)
end
