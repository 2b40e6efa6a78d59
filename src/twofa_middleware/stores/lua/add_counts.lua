-- Adds to the counters of a day, fields "day name", and drops those of days long past.
-- KEYS: those of the realm. ARGV: asks.AddCounts.
-- Answers {'done'}.

for _, field in ipairs(redis.call('HKEYS', COUNTS)) do
    if tonumber(string.match(field, '^(%-?%d+) ')) < ask.day - COUNT_DAYS then
        redis.call('HDEL', COUNTS, field)
    end
end
for name, count in pairs(ask.counts) do
    redis.call('HINCRBY', COUNTS, text(ask.day) .. ' ' .. name, text(count))
end
return { 'done' }
