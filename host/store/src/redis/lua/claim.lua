-- Takes the lease, if nobody has it or who has it is known to be gone. KEYS: lease, meta. ARGV: mine, the one that may be
-- replaced or "", milliseconds. Returns the new epoch, or whose lease it is and for how many milliseconds.
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] and held ~= ARGV[2] then
  return { 'held', held, redis.call('PTTL', KEYS[1]) }
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
-- The same request again, because its answer was lost, is as good with one epoch more.
return { 'mine', redis.call('HINCRBY', KEYS[2], 'epoch', 1) }
