-- Appends events to the realm's list, a stream, and cuts it: those that a sweeper carries there as well.
-- KEYS: those of the realm. ARGV: asks.AddEvents.
-- Answers {'done'}.

for _, event in ipairs(ask.events) do
    redis.call('XADD', EVENTS, '*', 'u', event.user, 'i', event.id, 'a', text(event.at), 'r', event.record)
end
redis.call('XTRIM', EVENTS, 'MAXLEN', MOST_EVENTS)
return { 'done' }
