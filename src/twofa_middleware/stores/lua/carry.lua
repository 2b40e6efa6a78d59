-- Appends events of one user to the realm's list, a stream, and cuts it.
-- KEYS: those of the realm. ARGV: user, rows: {id, at, record, id, at, record, ...}.
-- Answers {'done'}.

for i = 1, #ask.rows, 3 do
    redis.call('XADD', EVENTS, '*', 'u', ask.user, 'i', ask.rows[i], 'a', ask.rows[i + 1], 'r', ask.rows[i + 2])
end
redis.call('XTRIM', EVENTS, 'MAXLEN', MOST_EVENTS)
return { 'done' }
