-- Ends every pass, proven ones too, and forgets every remembered browser.
-- Needs: rows, log, long, notes. KEYS: those of a user. ARGV: asks.EndPasses.
-- Answers {'done'}.

end_passes_and_browsers()
return { 'done' }
