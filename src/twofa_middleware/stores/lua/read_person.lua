-- Who a user is.
-- Needs: long. KEYS: those of a user. ARGV: nothing.
-- Answers {person or nil, roles or nil}.

return { long_record('p'), long_record('r') }
