-- Shared: what happens with a code that was spent. Ends first, the change next, openings last, so that the change does
-- not end what it opens.

local function settle(ask)
    if ask.ends then
        drop_row(PASSES, ask.ends)
    end
    if ask.change then
        change_account(ask.change, 0)
        end_all_rows()
    end
    if ask.opens then
        keep_pass(ask.opens, ask.now)
    end
    if ask.remembers then
        keep_browser(ask.remembers, ask.now)
    end
    return { 'spent', tostring(codes_left()) }
end
