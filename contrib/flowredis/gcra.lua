-- A token bucket. KEYS: state, and the quota in force when it is in reach. ARGV: the quota in force as
-- the caller knows it, permits, then what the quota is made of: ticks to a permit, ticks to a
-- microsecond, burst.
--
-- The state is three integers: when it was written (microseconds of this server's clock), how many
-- ticks were in use then, and how many made a permit. A missing state is a full bucket.
--
-- Gives whether it was allowed, and the ticks in use.
if KEYS[2] and (redis.call('GET', KEYS[2]) or '') ~= ARGV[1] then
	return redis.error_reply('QUOTA is another')
end
local n, permit, micro, burst = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local most = burst * permit
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local at, used = now, 0
local state = redis.call('GET', KEYS[1])
if state then
	if #state ~= 24 then
		return redis.error_reply('STATE is not of this format')
	end
	local unit
	at, used, unit = struct.unpack('>I8I8I8', state)
	if unit ~= permit then -- the rate has changed: permits in use stay in use
		used = math.ceil(used / math.max(unit, 1) * permit)
	end
	used = math.max(math.min(used, most) - math.max(now - at, 0) * micro, 0)
end
local allowed = 0
if used + n * permit <= most then
	allowed, used = 1, used + n * permit
end
if allowed == 1 or at > now then -- a clock that went back must not stop time
	local ttl = math.ceil(used / micro / 1000) + 1000
	redis.call('SET', KEYS[1], struct.pack('>I8I8I8', now, used, permit), 'PX', ttl)
end
return {allowed, used}
