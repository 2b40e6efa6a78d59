-- Events of the realm's list, the last that was carried first.
-- Needs: events. KEYS: those of the realm. ARGV: asks.ReadEvents.
-- Answers a list of {position, {'u', user, 'i', id, 'a', at, 'r', record}}.

return entries('XREVRANGE', ask.before, '+', '-')
