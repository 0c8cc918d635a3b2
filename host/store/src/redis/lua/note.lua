-- Records an effect that happened elsewhere, unless it is recorded. KEYS: meta, effects of the record, open numbers. ARGV:
-- epoch, number, field, effect.
local stale = fence(KEYS[1], ARGV[1])
if stale then return stale end
if not redis.call('ZSCORE', KEYS[3], ARGV[2]) then return 'ended' end
return redis.call('HSETNX', KEYS[2], ARGV[3], ARGV[4])
