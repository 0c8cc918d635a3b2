-- A page of cells that have not expired, one more than asked for if there are more. KEYS: index, expiries. ARGV: from and
-- to as ZRANGEBYLEX has them, now, how many.
local from, to, now, most = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local found = {}
while true do
  local step = redis.call('ZRANGEBYLEX', KEYS[1], from, to, 'LIMIT', 0, most)
  for _, rest in ipairs(step) do
    local over = redis.call('ZSCORE', KEYS[2], rest)
    if not over or tonumber(over) > now then
      found[#found + 1] = rest
      if #found == most then return found end
    end
  end
  if #step < most then return found end
  from = '(' .. step[#step]
end
