-- Forgets one remembered browser, or all, and ends every unproven pass: which one rests on which browser is not stored.
-- Needs: rows, log, long, notes. KEYS: those of a user. ARGV: asks.ForgetBrowsers.
-- Answers {'done'}.

for digest in pairs(all_rows(BROWSERS)) do
    if not ask.digest or digest == ask.digest then
        drop_row(BROWSERS, digest)
    end
end
for digest, row in pairs(all_rows(PASSES)) do
    if not row.proven then
        drop_row(PASSES, digest)
    end
end
return { 'done' }
