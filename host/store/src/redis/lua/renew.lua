-- Keeps the lease. KEYS: lease, meta, format. ARGV: mine, epoch, milliseconds, format. Returns whether it is still ours,
-- and the last number of the journal; "lost" when what this host once wrote is not there any more.
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] then return { 'taken', held } end
local known = redis.call('HMGET', KEYS[2], 'epoch', 'seq')
local epoch, seq = tonumber(known[1] or '0'), known[2] or '0'
if epoch > tonumber(ARGV[2]) then return { 'taken', '' } end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
if epoch == tonumber(ARGV[2]) then return { 'kept', seq } end
redis.call('HSET', KEYS[2], 'epoch', ARGV[2])
redis.call('SET', KEYS[3], ARGV[4])
return { 'lost', seq }
