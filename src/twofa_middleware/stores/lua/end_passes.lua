-- Ends every pass, proven ones too, and forgets every remembered browser.
-- Needs: rows, log, long, notes. KEYS: those of a user. ARGV: asks.EndPasses.
-- Answers {'done'}.

redis.call('DEL', PASSES.key, BROWSERS.key)
drop_stray_uses(PASSES, {})
drop_stray_uses(BROWSERS, {})
return { 'done' }
