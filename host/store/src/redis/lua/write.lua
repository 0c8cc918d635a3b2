-- Writes to the brain, all or none, with the effect that they belong to. The same rules as plan.rs.
--
-- KEYS: for each owner its entries, index, expiries and meta; the effects of the record at the end if there is an effect.
-- ARGV: now, epoch, owners, field of the effect or "", its head, bytes of the head that are the fingerprint; then eight
-- for each write: what, owner, cell, key, holder, limit, and by what it is
--   set: value, expiry      delete: "", ""      increment: by, ""      swap: "VERSION VALUE" ("-" for none), expiry
-- Returns "diverged", or the answer as JSON, or an earlier record of the effect with its head.
local now, epoch, owners = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local field, head, fingerprint = ARGV[4], ARGV[5], tonumber(ARGV[6])
local FIRST, EACH = 7, 8

for owner = 1, owners do
  local stale = fence(KEYS[owner * 4], epoch)
  if stale then return stale end
end
local effects = field ~= '' and KEYS[owners * 4 + 1]
if effects then
  local earlier = redis.call('HGET', effects, field)
  if earlier then
    if earlier:sub(1, fingerprint) ~= head:sub(1, fingerprint) then return { 'diverged' } end
    return { 'earlier', earlier }
  end
end

-- Digits with a minus at most, within 64 bits: as Redis counts them, or nil.
local function number(text)
  if #text > 20 then return nil end
  local sign, digits = text:match('^(%-?)(%d+)$')
  if not digits then return nil end
  digits = digits:match('^0*(.*)$')
  if digits == '' then return '0' end
  if greater(digits, sign == '-' and '9223372036854775808' or '9223372036854775807') then return nil end
  return sign .. digits
end

-- The sum, or nil if it does not fit.
local function add(meta, a, b)
  if #a < 16 and #b < 16 then return whole(tonumber(a) + tonumber(b)) end
  redis.call('HSET', meta, 'sum', a)
  local reply = redis.pcall('HINCRBY', meta, 'sum', b)
  local sum = type(reply) == 'number' and redis.call('HGET', meta, 'sum') or nil
  redis.call('HDEL', meta, 'sum')
  return sum
end

local function text(of) return cjson.encode(of) end

-- What will be: nothing is changed before all of it is known.
local function plan()
  local cells, order, used, last, outcomes = {}, {}, {}, {}, {}
  for at = FIRST, #ARGV, EACH do
    local what, owner, rest, key = ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 2], ARGV[at + 3]
    local limit, a, b = ARGV[at + 5], ARGV[at + 6], ARGV[at + 7]
    local base = (owner - 1) * 4
    local meta = KEYS[base + 4]
    if not used[owner] then
      local known = redis.call('HMGET', meta, 'used', 'last')
      used[owner], last[owner] = tonumber(known[1] or '0'), known[2] or '0'
    end

    local id = owner .. ':' .. rest
    local cell = cells[id]
    if not cell then
      cell = { base = base, rest = rest, was_expiry = '-' }
      local packed = redis.call('HGET', KEYS[base + 1], rest)
      if packed then
        cell.was, cell.stored = true, true
        cell.version, cell.expiry, cell.value = unpack_entry(packed)
        cell.was_expiry = cell.expiry
      end
      cells[id] = cell
      order[#order + 1] = cell
    end
    local there = cell.stored and not expired(cell.expiry, now)

    local value, expiry, outcome
    if what == 'set' then
      value, expiry = a, b
    elseif what == 'swap' then
      local space = a:find(' ', 1, true)
      local expected = a:sub(1, space - 1)
      if (there and cell.version or '-') ~= expected then
        local current = there and text(cell.version) or 'null'
        return nil, '{"conflict":{"key":' .. text(key) .. ',"current":' .. current .. '}}'
      end
      value, expiry = a:sub(space + 1), b
    elseif what == 'increment' then
      local before = '0'
      if there then
        before = number(cell.value)
        if not before then return nil, '{"not-a-number":{"key":' .. text(key) .. '}}' end
      end
      value, expiry = add(meta, before, a), there and cell.expiry or '-'
      if not value then return nil, '{"overflow":{"key":' .. text(key) .. ',"by":' .. a .. '}}' end
    end

    local before = cell.stored and #key + #cell.value or 0
    local after = value and #key + #value or 0
    if before ~= after then
      local needed = math.max(used[owner] - before, 0) + after
      if limit ~= '' and after > before and needed > tonumber(limit) then
        local refusal = '{"quota":{"holder":' .. text(ARGV[at + 4]) .. ',"used":' .. whole(used[owner])
          .. ',"needed":' .. whole(needed) .. ',"limit":' .. limit .. '}}'
        return nil, refusal, owner
      end
      used[owner] = needed
    end

    if value then
      last[owner] = next_of(last[owner])
      cell.stored, cell.version, cell.expiry, cell.value = true, last[owner], expiry, value
      if what == 'increment' then
        outcome = '{"sum":{"value":' .. value .. ',"version":"' .. last[owner] .. '"}}'
      else
        outcome = '{"stored":{"version":"' .. last[owner] .. '"}}'
      end
    else
      cell.stored = false
      outcome = '{"deleted":{"existed":' .. tostring(there or false) .. '}}'
    end
    outcomes[#outcomes + 1] = outcome
  end
  return { order = order, used = used, last = last, outcomes = outcomes }
end

local planned, refusal, full = plan()
-- What has expired must not stand in anybody's way.
while full do
  local base = (full - 1) * 4
  if sweep(KEYS[base + 1], KEYS[base + 2], KEYS[base + 3], KEYS[base + 4], now, 256) == 0 then break end
  planned, refusal, full = plan()
end

local answer
if planned then
  for _, cell in ipairs(planned.order) do
    local entries, index, expiries = KEYS[cell.base + 1], KEYS[cell.base + 2], KEYS[cell.base + 3]
    local expiry = cell.stored and cell.expiry or '-'
    if cell.stored then
      redis.call('HSET', entries, cell.rest, cell.version .. ' ' .. expiry .. ' ' .. cell.value)
      if not cell.was then redis.call('ZADD', index, 0, cell.rest) end
    elseif cell.was then
      redis.call('HDEL', entries, cell.rest)
      redis.call('ZREM', index, cell.rest)
    end
    if expiry ~= '-' then
      redis.call('ZADD', expiries, expiry, cell.rest)
    elseif cell.was_expiry ~= '-' then
      redis.call('ZREM', expiries, cell.rest)
    end
  end
  for owner, used in pairs(planned.used) do
    redis.call('HSET', KEYS[owner * 4], 'used', whole(used), 'last', planned.last[owner])
  end
  answer = '{"Ok":[' .. table.concat(planned.outcomes, ',') .. ']}'
else
  answer = '{"Err":' .. refusal .. '}'
end
if effects then redis.call('HSET', effects, field, head .. 'w' .. answer) end
return { 'answer', answer }
