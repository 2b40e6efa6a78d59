-- Takes events out of a log that were carried: these and no others.
-- Needs: log. KEYS: those of a user. ARGV: ids.
-- Answers how many are left.

drop_events(ask.ids)
return text(log_size())
