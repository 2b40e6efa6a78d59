-- Notes a log-in before the app is called; what is bound to the cookie ends.
-- KEYS: those of a binding. ARGV: asks.BeginLogin.
-- Answers {'done'}.

local found = logins()
found.mixed = found.mixed or (found.under_way > 0 and found.who ~= ask.who)
found.who = ask.who
found.under_way = found.under_way + 1
found.ends_at = math.max(found.ends_at, ask['until'])
keep(nil, 0, found)
return { 'done' }
