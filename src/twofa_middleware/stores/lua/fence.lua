-- Shared by the script about the fence: its key, a hash. What a server is called by as the field, the step as the value.

local FENCES = KEYS[1]
