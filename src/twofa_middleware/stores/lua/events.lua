-- Shared: positions in the realm's list, the stream's ids: two whole numbers of 64 bits.

local function is_number(digits)
    return #digits < 20 or (#digits == 20 and digits <= '18446744073709551615')
end

local function is_position(position)
    local first, second = string.match(position, '^(%d+)%-(%d+)$')
    return first and is_number(first) and is_number(second)
end

-- At most so many entries from one end of the list, or from beyond a position, in the direction of the command. The
-- entry at the position is asked for as well and left out here: Redis 6.0 knows no ranges without their ends.
local function entries(command, position, first, last)
    if not position or position == '' then
        return redis.call(command, EVENTS, first, last, 'COUNT', text(ask.limit))
    end
    if not is_position(position) then
        return {}
    end
    local found = redis.call(command, EVENTS, position, last, 'COUNT', text(ask.limit + 1))
    if found[1] and found[1][1] == position then
        table.remove(found, 1)
    else
        found[ask.limit + 1] = nil
    end
    return found
end
