-- What stands before every script. The host passes times, numbers and versions as decimal text; sums that may go beyond
-- what a double holds exactly are made by Redis itself or digit by digit.

-- A host whose lease was taken by another one must not write any more: each owner of the data has a greater epoch than
-- the one before, and the first write under a new one locks the old one out.
local function fence(meta, epoch)
  local there = redis.call('HGET', meta, 'epoch')
  if there and tonumber(there) > tonumber(epoch) then
    return redis.error_reply('FENCED another host has taken over')
  end
  if there ~= epoch then redis.call('HSET', meta, 'epoch', epoch) end
  return nil
end

-- An entry is stored as "VERSION EXPIRY VALUE", the expiry "-" if it has none.
local function unpack_entry(packed)
  local version, expiry, at = packed:match('^(%d+) (%S+) ()')
  return version, expiry, packed:sub(at)
end

local function expired(expiry, now)
  return expiry ~= '-' and tonumber(expiry) <= now
end

-- The bytes of the key within a cell: what follows its scope. The shared brain has no scopes.
local function key_size(meta, rest)
  if meta:sub(1, 8) == 'moa:{s}:' then return #rest end
  if rest:byte(1) == 1 then return #rest - 1 end
  local _, stop = rest:find('\0\1', 2, true)
  return #rest - (stop or #rest)
end

local function whole(number)
  return string.format('%.0f', number)
end

-- Whether decimal text without leading zeros is greater than other such text.
local function greater(a, b)
  if #a ~= #b then return #a > #b end
  for at = 1, #a do
    local x, y = a:byte(at), b:byte(at)
    if x ~= y then return x > y end
  end
  return false
end

-- One more than decimal text.
local function next_of(text)
  if #text < 15 then return whole(tonumber(text) + 1) end
  local head, nines = text:match('^(%d-)(9*)$')
  local zeros = string.rep('0', #nines)
  if head == '' then return '1' .. zeros end
  return head:sub(1, -2) .. string.char(head:byte(-1) + 1) .. zeros
end

-- Removes at most `most` entries that are over at `now`; how many there were.
local function sweep(entries, index, expiries, meta, now, most)
  local due = redis.call('ZRANGEBYSCORE', expiries, '-inf', whole(now), 'LIMIT', 0, most)
  local freed = 0
  for _, rest in ipairs(due) do
    local packed = redis.call('HGET', entries, rest)
    if packed then
      local _, _, value = unpack_entry(packed)
      freed = freed + key_size(meta, rest) + #value
    end
    redis.call('HDEL', entries, rest)
    redis.call('ZREM', index, rest)
    redis.call('ZREM', expiries, rest)
  end
  if #due > 0 then
    local used = tonumber(redis.call('HGET', meta, 'used') or '0') - freed
    redis.call('HSET', meta, 'used', whole(math.max(used, 0)))
  end
  return #due
end
