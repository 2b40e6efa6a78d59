-- Shared by every script: the question as a table with the fields of its class in asks/, numbers as Redis wants them
-- (Lua's own tostring would round), and the time. CHECKS are what a piece does before a change: a script that fails is
-- not rolled back, so what it will read has to be readable.

local ask = cmsgpack.unpack(ARGV[1])
local CHECKS = {}

local function text(number)
    return string.format('%.0f', number)
end

-- The server's clock, in microseconds.
local function server_time()
    local found = redis.call('TIME')
    return found[1] * 1000000 + found[2]
end
