-- All that there is of a user but for set-ups, as it is at one moment, dead rows as well. Writes nothing.
-- Needs: account, rows, attempts, met, log, long. KEYS: those of a user. ARGV: asks.ReadRecords.
-- Answers {account, passes, browsers, person or nil, roles or nil, {time, failures, ...}, {time, tries of recovery codes,
-- ...}, {failures in a row or nil, wait until or nil}, {rule, time, ...}, {id, at, ready_at, record, ...}}.

local function every_row(rows)
    local found = {}
    for digest in pairs(all_rows(rows)) do
        found[#found + 1] = read_row(rows, digest, -math.huge)
    end
    return found
end

local function every_try(letter)
    local found = {}
    for at, times in pairs(tries(letter)) do
        found[#found + 1] = text(at)
        found[#found + 1] = text(times)
    end
    return found
end

local function every_event()
    local found = {}
    for _, row in ipairs(ready_events(math.huge)) do
        for _, part in ipairs({ row.id, row.at, row.ready_at, row.record }) do
            found[#found + 1] = part
        end
    end
    return found
end

return {
    account_fields(), every_row(PASSES), every_row(BROWSERS), long_record('p'), long_record('r'), every_try(FAILURE),
    every_try(RECOVERY), redis.call('HMGET', SEEN, 'n', 'w'), met(), every_event(),
}
