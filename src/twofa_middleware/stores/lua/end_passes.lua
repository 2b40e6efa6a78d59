-- Ends every pass, proven ones too.
-- Needs: rows, log, notes. KEYS: those of a user. ARGV: asks.EndPasses.
-- Answers {'done'}.

redis.call('DEL', PASSES.key)
drop_stray_uses(PASSES, {})
return { 'done' }
