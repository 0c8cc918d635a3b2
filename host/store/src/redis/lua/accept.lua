-- Accepts an event once. KEYS: meta, identities, identity of a number, numbers by time of acceptance, records, all numbers,
-- open numbers. ARGV: epoch, now, how long an identity is remembered, identity, token, record, greatest number known.
local stale = fence(KEYS[1], ARGV[1])
if stale then return stale end
local now, kept, identity, token = tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], ARGV[5]
local known = redis.call('HGET', KEYS[2], identity)
if known then
  local seq, accepted, by = known:match('^(%d+) (%S+) (%S+)$')
  -- The same request, sent again because its answer was lost.
  if by == token then return { 'new', seq } end
  -- What is still open is remembered however old: running it a second time beside itself would be worse.
  local open = redis.call('ZSCORE', KEYS[7], seq)
  if open then return { 'twin', seq, 'open' } end
  if tonumber(accepted) > now - kept then return { 'twin', seq, 'ended' } end
end
local last = math.max(tonumber(redis.call('HGET', KEYS[1], 'seq') or '0'), tonumber(ARGV[7]))
local seq = whole(last + 1)
redis.call('HSET', KEYS[1], 'seq', seq)
redis.call('HSET', KEYS[2], identity, seq .. ' ' .. ARGV[2] .. ' ' .. token)
redis.call('HSET', KEYS[3], seq, identity)
redis.call('ZADD', KEYS[4], ARGV[2], seq)
redis.call('HSET', KEYS[5], seq, ARGV[6])
redis.call('ZADD', KEYS[6], seq, seq)
redis.call('ZADD', KEYS[7], seq, seq)
return { 'new', seq }
