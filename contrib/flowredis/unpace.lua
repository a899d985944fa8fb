-- Gives a permit back for which no one waits any more, unless others have come after. KEYS: the state of a
-- leaky bucket. ARGV: the ticks in use and the time, as the script that took it gave them, and the ticks to
-- give back.
--
-- Gives whether it was given back.
local state = redis.call('GET', KEYS[1])
if not state or #state ~= 24 then
	return {0}
end
local at, used, unit = struct.unpack('>I8I8I8', state)
if used ~= tonumber(ARGV[1]) or at ~= tonumber(ARGV[2]) then
	return {0}
end
redis.call('SET', KEYS[1], struct.pack('>I8I8I8', at, used - tonumber(ARGV[3]), unit), 'KEEPTTL')
return {1}
