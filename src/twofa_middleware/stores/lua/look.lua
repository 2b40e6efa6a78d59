-- The one read of a decision: the account, one pass, one remembered browser, as they are at one moment.
-- Needs: account, rows. KEYS: those of a user. ARGV: asks.Look.
-- Answers {account, pass or nil, browser or nil}.

return {
    account_fields(),
    read_row(PASSES, ask.pass_digest, ask.now),
    read_row(BROWSERS, ask.browser_digest, ask.now),
}
