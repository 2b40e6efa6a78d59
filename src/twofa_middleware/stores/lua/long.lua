-- Shared: records of any length in LONG. The first part stands in the field of its letter, after the length of the whole
-- and a space, the others in <letter>1, <letter>2 …: parts of a field of more than 64 bytes would make the hash several
-- times as large.

local PART_BYTES = 56

-- The record, false if there is none. One that has lost a part is damaged, never another or a missing one.
local function long_record(letter)
    local first = redis.call('HGET', LONG, letter)
    if not first then
        if redis.call('HEXISTS', LONG, letter .. '1') == 1 then
            error('a record has lost its first part')
        end
        return false
    end
    local length, record = string.match(first, '^(%d+) (.*)$')
    if not length then
        error('a record has no length')
    end
    local place = 1
    while #record < tonumber(length) do
        record = record .. (redis.call('HGET', LONG, letter .. place) or error('a record has lost a part'))
        place = place + 1
    end
    if #record ~= tonumber(length) then
        error('a record has another length than it says')
    end
    return record
end

-- Puts a record in the place of the one that is there; no record takes it away.
local function put_long(letter, record)
    for _, field in ipairs(redis.call('HKEYS', LONG)) do
        if string.match(field, '^' .. letter .. '%d*$') then
            redis.call('HDEL', LONG, field)
        end
    end
    if record then
        redis.call('HSET', LONG, letter, #record .. ' ' .. string.sub(record, 1, PART_BYTES))
        for place = 1, math.ceil(#record / PART_BYTES) - 1 do
            redis.call('HSET', LONG, letter .. place, string.sub(record, place * PART_BYTES + 1, (place + 1) * PART_BYTES))
        end
    end
end
