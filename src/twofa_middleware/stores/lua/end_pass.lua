-- Ends one pass, if it is there.
-- Needs: rows. KEYS: account, passes, browsers, pending, seen. ARGV: asks.EndPass.
-- Answers {'done'}.

drop_row(PASSES, ask.digest)
return { 'done' }
