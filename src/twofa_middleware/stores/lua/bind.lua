-- Says whose the cookie is, unless somebody else may have logged in with it meanwhile.
-- KEYS: those of a binding. ARGV: asks.Bind.
-- Answers {'done'} or {'moved'}; after the latter nothing is bound.

local found = logins()
local fits = found.under_way == 0
if ask.who then
    fits = found.under_way > 0 and not found.mixed and found.who == ask.who
end
keep(fits and ask.record, ask.expires_at, without(found, ask.who))
return { fits and 'done' or 'moved' }
