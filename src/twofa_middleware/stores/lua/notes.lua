-- Shared: what is written with a change, in the same script. In LONG stand p: who the user is, r: the roles when they
-- were last seen. What could fail is done before the change: the keys hold what they should, and the rows of every
-- outcome get their form.
--
-- A change that may write events brings the time at which the user was marked for the sweeper. A mark that is older
-- than MARK_SECONDS goes when no events are behind it, so a change that comes as late as that is refused.

table.insert(CHECKS, function()
    for _, key in ipairs(HASHES) do
        redis.call('HLEN', key)
    end
end)

local function check_mark(marked_at)
    if marked_at ~= '' and server_time() - marked_at * 1000 >= MARK_SECONDS * 1000000 then
        error('the change came too late after its mark')
    end
end

-- By the word of the outcome, what stands in the log but for the order.
local function planned(notes)
    local plan = {}
    for word, rows in pairs(notes.rows) do
        plan[word] = {}
        for place, row in ipairs(rows) do
            plan[word][place] = {
                field = 'e' .. row.id,
                is_minor = row.is_minor,
                at = row.at,
                rest = ' ' .. text(row.at) .. ' ' .. text(row.ready_at) .. ' ' .. row.record,
            }
        end
    end
    return plan
end

-- Count a minor row; whether it is one of those that are written in its hour. In LONG stands m: "hour written".
local function is_within_the_hours_number(at)
    local hour = text(math.floor(at / 3600))
    local found, written = string.match(redis.call('HGET', LONG, 'm') or '', '^(%S+) (%d+)$')
    written = found == hour and tonumber(written) + 1 or 1
    if written > MOST_MINOR_AN_HOUR then
        return false
    end
    redis.call('HSET', LONG, 'm', hour .. ' ' .. text(written))
    return true
end

local function append(rows)
    if #rows == 0 then
        return
    end
    local size, order = log_size(), next_order() - 1
    for _, row in ipairs(rows) do
        if not row.is_minor or (size < MOST_MINOR_ROWS and is_within_the_hours_number(row.at)) then
            order = order + 1
            size = size + redis.call('HSET', LOG, row.field, text(order) .. row.rest)
        end
    end
    if size > 0 then
        redis.call('HSET', LOG, 'o', text(order))
    end
end

-- Make the change that `answer` is, and write the notes of its outcome.
local function with_notes(answer)
    local notes = ask.notes or { rows = {} }
    for _, check in ipairs(CHECKS) do
        check()
    end
    check_mark(ARGV[2])
    local plan = planned(notes)
    local reply = answer()
    if notes.takes_back then
        drop_events({ notes.takes_back })
    end
    append(plan[reply[1]] or {})
    if notes.person then
        put_long('p', notes.person)
    end
    if notes.roles then
        put_long('r', notes.roles)
    end
    return reply
end
