-- The counters of a day and later ones.
-- KEYS: those of the realm. ARGV: asks.ReadCounts.
-- Answers {"day name", count, "day name", count, ...}, in no order.

local fields, found = redis.call('HGETALL', COUNTS), {}
for i = 1, #fields, 2 do
    if tonumber(string.match(fields[i], '^(%-?%d+) ')) >= ask.day then
        found[#found + 1] = fields[i]
        found[#found + 1] = fields[i + 1]
    end
end
return found
