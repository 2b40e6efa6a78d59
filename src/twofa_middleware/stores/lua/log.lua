-- Shared: the log, events that wait for a sweeper. e<id> is "order at ready_at record", o the order of the last one. An
-- order is the server's time in microseconds, or one more than the order before, so that neither events of one moment
-- nor a clock that is put back disturb it. A log without events is no key.

local function log_size()
    return redis.call('HLEN', LOG) - redis.call('HEXISTS', LOG, 'o')
end

local function drop_events(ids)
    for _, id in ipairs(ids) do
        redis.call('HDEL', LOG, 'e' .. id)
    end
    if log_size() == 0 then
        redis.call('DEL', LOG)
    end
end

local function next_order()
    return math.max(server_time(), (tonumber(redis.call('HGET', LOG, 'o') or 0)) + 1)
end

-- The rows that may be carried, in the order in which they were written.
local function ready_events(now)
    local fields, found = redis.call('HGETALL', LOG), {}
    for i = 1, #fields, 2 do
        if fields[i] ~= 'o' then
            local order, at, ready_at, record = string.match(fields[i + 1], '^(%d+) (%-?%d+) (%-?%d+) (.*)$')
            if tonumber(ready_at) <= now then
                found[#found + 1] = {
                    id = string.sub(fields[i], 2), order = tonumber(order), at = at, ready_at = ready_at, record = record,
                }
            end
        end
    end
    table.sort(found, function(one, other) return one.order < other.order end)
    return found
end
