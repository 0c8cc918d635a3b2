-- A step of removing what has expired. KEYS: entries, index, expiries, meta. ARGV: epoch, now, most.
local stale = fence(KEYS[4], ARGV[1])
if stale then return stale end
return sweep(KEYS[1], KEYS[2], KEYS[3], KEYS[4], tonumber(ARGV[2]), tonumber(ARGV[3]))
