-- The events of a log that may be carried, in their order, and so many at most.
-- Needs: log. KEYS: those of a user. ARGV: now, most.
-- Answers {how many events there are, {id, at, record, id, at, record, ...}}.

local found = {}
for place, row in ipairs(ready_events(ask.now)) do
    if place > ask.most then
        break
    end
    found[#found + 1] = row.id
    found[#found + 1] = row.at
    found[#found + 1] = row.record
end
return { text(log_size()), found }
