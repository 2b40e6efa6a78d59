-- Shared: passes, remembered browsers and set-ups, each a row under the digest of its cookie.
--
-- A row is two fields of its hash, so that each stays short: t<digest> is "proven opened_at expires_at", and r<digest> the
-- record as it was given. Its last use stands in SEEN, in <letter><digest>, and only if it is not the time of its opening:
-- a use changes nothing of what near caches keep.
--
-- Fields do not expire, so every opening drops the dead ones. The whole key may go once its last row is dead.

local function parse(times)
    local proven, opened_at, expires_at = string.match(times, '^([01]) (%-?%d+) (%-?%d+)$')
    if not proven then
        error('a row has no times')
    end
    return { proven = proven == '1', opened_at = tonumber(opened_at), expires_at = tonumber(expires_at) }
end

-- {digest, proven, opened_at, expires_at, used_at, record}, all text; false if there is none that lives.
local function read_row(rows, digest, now)
    local times = digest and redis.call('HGET', rows.key, 't' .. digest)
    if not times then
        return false
    end
    local row = parse(times)
    if row.expires_at <= now then
        return false
    end
    local used_at = redis.call('HGET', SEEN, rows.letter .. digest) or text(row.opened_at)
    local record = redis.call('HGET', rows.key, 'r' .. digest)
    return { digest, row.proven and '1' or '0', text(row.opened_at), text(row.expires_at), used_at, record }
end

-- Every row by its digest, dead or alive.
local function all_rows(rows)
    local fields, found = redis.call('HGETALL', rows.key), {}
    for i = 1, #fields, 2 do
        if string.sub(fields[i], 1, 1) == 't' then
            found[string.sub(fields[i], 2)] = parse(fields[i + 1])
        end
    end
    return found
end

table.insert(CHECKS, function()
    for _, rows in ipairs({ PASSES, BROWSERS, PENDING }) do
        all_rows(rows)
    end
end)

-- Where the record of a row stands, so that another may take its place and nothing else of the row changes.
local function record_field(digest)
    return 'r' .. digest
end

local function drop_row(rows, digest)
    redis.call('HDEL', rows.key, 't' .. digest, 'r' .. digest)
    redis.call('HDEL', SEEN, rows.letter .. digest)
end

local function use_row(rows, digest, now)
    redis.call('HSET', SEEN, rows.letter .. digest, text(now))
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

-- Store a row. Room is made before, so that the new one stays even if the clock was put back. Of the rows that `crowds`
-- picks, `most` are kept with the new one.
local function keep_row(rows, row, now, most, crowds)
    local living, crowd, size, last = all_rows(rows), {}, 0, row.expires_at
    for digest, other in pairs(living) do
        if other.expires_at <= now then
            drop_row(rows, digest)
            living[digest] = nil
        elseif digest ~= row.digest then
            last = math.max(last, other.expires_at)
            if crowds(other) then
                crowd[digest], size = other, size + 1
            end
        end
    end
    while crowds(row) and size >= most do
        local digest = oldest(crowd)
        drop_row(rows, digest)
        living[digest], crowd[digest], size = nil, nil, size - 1
    end
    drop_stray_uses(rows, living)
    local times = (row.proven and '1 ' or '0 ') .. text(row.opened_at) .. ' ' .. text(row.expires_at)
    redis.call('HSET', rows.key, 't' .. row.digest, times, 'r' .. row.digest, row.record)
    if row.used_at and row.used_at ~= row.opened_at then
        use_row(rows, row.digest, row.used_at)
    else
        redis.call('HDEL', SEEN, rows.letter .. row.digest)
    end
    redis.call('EXPIRE', rows.key, text(math.max(1, last - now)))
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

local function end_all_rows()
    redis.call('DEL', PASSES.key, BROWSERS.key, PENDING.key)
    drop_stray_uses(PASSES, {})
    drop_stray_uses(BROWSERS, {})
end
