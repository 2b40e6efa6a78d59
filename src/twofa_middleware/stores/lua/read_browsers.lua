-- The remembered browsers that have not expired.
-- Needs: rows. KEYS: those of a user. ARGV: asks.ReadBrowsers.
-- Answers a list of them, in no order.

local found = {}
for digest in pairs(all_rows(BROWSERS)) do
    local row = read_row(BROWSERS, digest, ask.now)
    if row then
        found[#found + 1] = row
    end
end
return found
