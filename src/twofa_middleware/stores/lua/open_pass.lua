-- Opens a pass without a prompt, if nothing that this was decided on has changed since.
-- Needs: account, rows, log, long, notes. KEYS: those of a user. ARGV: asks.OpenPass.
-- Answers {'done'} or {'moved'}; the latter has changed nothing.

if ask.generation ~= generation() then
    return { 'moved' }
end
if ask.browser_digest then
    if not read_row(BROWSERS, ask.browser_digest, ask.now) then
        return { 'moved' }
    end
    use_row(BROWSERS, ask.browser_digest, ask.now)
end
if ask.ends then
    drop_row(PASSES, ask.ends)
end
keep_pass(ask.opens, ask.now)
return { 'done' }
