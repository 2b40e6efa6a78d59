-- Says that the cookie is nobody's.
-- KEYS: those of a binding. ARGV: asks.Unbind.
-- Answers {'done'}.

keep(nil, 0, without(logins(), ask.who))
return { 'done' }
