-- Puts records in the place of all that there is of a user. The account comes before the rest: its change ends what was
-- issued under the old one.
-- Needs: account, rows, attempts, met, log, long, notes. KEYS: those of a user. ARGV: asks.WriteRecords.
-- Answers {'done'} or {'moved'}; the latter has changed nothing.

local records = ask.records

local function put_tries(letter, counted)
    for at, times in pairs(counted) do
        add_try(letter, at, times)
    end
end

-- The rows of the log that are not there yet, each once and none of them minor.
local function new_events()
    local found, known = {}, {}
    for _, row in ipairs(records.log) do
        if not known[row.id] and redis.call('HEXISTS', LOG, 'e' .. row.id) == 0 then
            known[row.id], row.is_minor = true, false
            found[#found + 1] = row
        end
    end
    return planned({ rows = { done = found } }).done
end

if ask.generation ~= generation() then
    return { 'moved' }
end
local events = new_events()
if records.account then
    change_account(records.account, records.account.last_step)
end
end_all_rows()
for _, row in ipairs(records.passes) do
    if row.expires_at > ask.now then
        keep_pass(row, ask.now)
    end
end
for _, row in ipairs(records.browsers) do
    if row.expires_at > ask.now then
        keep_browser(row, ask.now)
    end
end
put_long('p', records.person)
put_long('r', records.roles)
clear_tries()
put_tries(FAILURE, records.failures)
put_tries(RECOVERY, records.recovery_tries)
if records.in_a_row ~= 0 or records.wait_until ~= 0 then
    redis.call('HSET', SEEN, 'n', text(records.in_a_row), 'w', text(records.wait_until))
end
put_met(records.met)
append(events)
return { 'done' }
