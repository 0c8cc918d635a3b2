-- Closes a record. KEYS: meta, open numbers, ends, numbers by time of their end, numbers that failed, numbers with effects
-- that are kept, numbers whose effects are to be forgotten. ARGV: epoch, number, now, end as JSON, whether it is done,
-- whether it failed, whether it has effects.
local stale = fence(KEYS[1], ARGV[1])
if stale then return stale end
local seq = ARGV[2]
if redis.call('ZREM', KEYS[2], seq) == 0 then return 0 end
redis.call('HSET', KEYS[3], seq, ARGV[4])
redis.call('ZADD', KEYS[4], ARGV[3], seq)
if ARGV[6] == '1' then redis.call('ZADD', KEYS[5], seq, seq) end
if ARGV[7] == '1' then redis.call('SADD', KEYS[ARGV[5] == '1' and 7 or 6], seq) end
return 1
