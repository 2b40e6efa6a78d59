-- Shared: passes, remembered browsers and set-ups, each a row under the digest of its cookie.
--
-- A row is one field of its hash, <letter><digest>: a byte that says whether it is proven, opened_at and expires_at of 5
-- bytes each, and the record as it was given. A field of more than 64 bytes would make the hash several times as large,
-- so times are not written as text; and a key takes as much as a row, so passes and browsers have one between them. The
-- last use stands in SEEN, under the same name, and only if it is not the time of the opening: a use changes nothing of
-- what near caches keep.
--
-- Fields do not expire, so every opening drops the dead ones. The whole key may go once its last row is dead.

local TIMES, TIMES_BYTES = '>Bi5i5', 11
local FARTHEST = 2 ^ 39 - 1
local LONGEST_EXPIRY = 2 ^ 37 -- seconds; Redis refuses what ends after 2^48 milliseconds

-- A time that has its place in a row: the nearest between the years -15451 and 19391. A script that failed here would
-- leave half a change, and one that cut digits off would write another time.
local function within_reach(at)
    return math.max(-FARTHEST, math.min(at, FARTHEST))
end

local function dump_row(proven, opened_at, expires_at, record)
    return struct.pack(TIMES, proven and 1 or 0, within_reach(opened_at), within_reach(expires_at)) .. record
end

local function parse(value)
    local proven, opened_at, expires_at = 2, 0, 0
    if #value > TIMES_BYTES then
        proven, opened_at, expires_at = struct.unpack(TIMES, value)
    end
    if proven > 1 then
        error('a row has no times or no record')
    end
    return {
        proven = proven == 1, opened_at = opened_at, expires_at = expires_at, record = string.sub(value, TIMES_BYTES + 1),
    }
end

local function name_of(rows, digest)
    return rows.letter .. digest
end

-- {digest, proven, opened_at, expires_at, used_at, record}, all text; false if there is none that lives.
local function read_row(rows, digest, now)
    local value = digest and redis.call('HGET', rows.key, name_of(rows, digest))
    if not value then
        return false
    end
    local row = parse(value)
    if row.expires_at <= now then
        return false
    end
    local used_at = redis.call('HGET', SEEN, name_of(rows, digest)) or text(row.opened_at)
    return { digest, row.proven and '1' or '0', text(row.opened_at), text(row.expires_at), used_at, row.record }
end

-- Every row by its digest, dead or alive.
local function all_rows(rows)
    local fields, found = redis.call('HGETALL', rows.key), {}
    for i = 1, #fields, 2 do
        if string.sub(fields[i], 1, 1) == rows.letter then
            found[string.sub(fields[i], 2)] = parse(fields[i + 1])
        end
    end
    return found
end

local function has_row(rows, digest)
    return redis.call('HEXISTS', rows.key, name_of(rows, digest)) == 1
end

table.insert(CHECKS, function()
    for _, rows in ipairs({ PASSES, BROWSERS, PENDING }) do
        all_rows(rows)
    end
end)

-- The record of a row, dead or alive; false if there is none.
local function row_record(rows, digest)
    local value = redis.call('HGET', rows.key, name_of(rows, digest))
    return value and parse(value).record
end

-- Another record in the place of that of a row; nothing else of the row changes.
local function put_record(rows, digest, record)
    local name = name_of(rows, digest)
    local row = parse(redis.call('HGET', rows.key, name))
    redis.call('HSET', rows.key, name, dump_row(row.proven, row.opened_at, row.expires_at, record))
end

local function drop_row(rows, digest)
    redis.call('HDEL', rows.key, name_of(rows, digest))
    redis.call('HDEL', SEEN, name_of(rows, digest))
end

local function use_row(rows, digest, now)
    redis.call('HSET', SEEN, name_of(rows, digest), text(now))
end

-- The notes of uses whose rows are gone, as when the whole key has expired.
local function drop_stray_uses(rows, living)
    for _, field in ipairs(redis.call('HKEYS', SEEN)) do
        local digest = string.sub(field, 2)
        if string.sub(field, 1, 1) == rows.letter and digest ~= '' and not living[digest] then
            redis.call('HDEL', SEEN, field)
        end
    end
end

-- The digest that goes first: the one opened first; of several, the last by name.
local function oldest(found)
    local first = nil
    for digest, row in pairs(found) do
        local than = first and found[first]
        if not than or row.opened_at < than.opened_at or (row.opened_at == than.opened_at and digest > first) then
            first = digest
        end
    end
    return first
end

-- When the last row of a key is dead, of whatever kind.
local function last_expiry(rows)
    local fields, last = redis.call('HGETALL', rows.key), -FARTHEST
    for i = 2, #fields, 2 do
        last = math.max(last, parse(fields[i]).expires_at)
    end
    return last
end

-- Store a row. Room is made before, so that the new one stays even if the clock was put back. Of the rows that `crowds`
-- picks, `most` are kept with the new one.
local function keep_row(rows, row, now, most, crowds)
    local living, crowd, size = all_rows(rows), {}, 0
    for digest, other in pairs(living) do
        if other.expires_at <= now then
            drop_row(rows, digest)
            living[digest] = nil
        elseif digest ~= row.digest and crowds(other) then
            crowd[digest], size = other, size + 1
        end
    end
    while crowds(row) and size >= most do
        local digest = oldest(crowd)
        drop_row(rows, digest)
        living[digest], crowd[digest], size = nil, nil, size - 1
    end
    drop_stray_uses(rows, living)
    local value = dump_row(row.proven, row.opened_at, row.expires_at, row.record)
    redis.call('HSET', rows.key, name_of(rows, row.digest), value)
    if row.used_at and row.used_at ~= row.opened_at then
        use_row(rows, row.digest, row.used_at)
    else
        redis.call('HDEL', SEEN, name_of(rows, row.digest))
    end
    redis.call('EXPIRE', rows.key, text(math.max(1, math.min(last_expiry(rows) - now, LONGEST_EXPIRY))))
end

local function keep_pass(row, now)
    keep_row(PASSES, row, now, MOST_UNPROVEN_PASSES, function(any) return not any.proven end)
end

local function keep_browser(row, now)
    keep_row(BROWSERS, row, now, MOST_BROWSERS, function() return true end)
end

local function keep_setup(row, now)
    keep_row(PENDING, row, now, MOST_SETUPS, function() return true end)
end

-- Every pass, proven ones too, and every remembered browser.
local function end_passes_and_browsers()
    redis.call('DEL', PASSES.key, BROWSERS.key)
    drop_stray_uses(PASSES, {})
    drop_stray_uses(BROWSERS, {})
end

local function end_all_rows()
    end_passes_and_browsers()
    redis.call('DEL', PENDING.key)
end
