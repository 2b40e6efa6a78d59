-- Events of the realm's list, in the order in which they were carried.
-- Needs: events. KEYS: those of the realm. ARGV: asks.FollowEvents.
-- Answers a list of {position, {'u', user, 'i', id, 'a', at, 'r', record}}.

return entries('XRANGE', ask.after, '-', '+')
