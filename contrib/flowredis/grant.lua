-- Permits of a token bucket, many at a time. KEYS: state, and the quota in force when it is in reach. ARGV:
-- the quota in force as the caller knows it, how many permits at least and at most, what the quota is made
-- of (ticks to a permit, ticks to a microsecond, burst), how many permits come back, and when they were
-- granted (microseconds of this server's clock).
--
-- The state is that of a token bucket. A permit that comes back is worth what time has not brought back
-- since it was granted: so the bucket holds no more than if it had never been.
--
-- Gives how many were granted, the ticks in use, and the time.
if KEYS[2] and (redis.call('GET', KEYS[2]) or '') ~= ARGV[1] then
	return redis.error_reply('QUOTA is another')
end
local least, most = tonumber(ARGV[2]), tonumber(ARGV[3])
local permit, micro, burst = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local back, since = tonumber(ARGV[7]), tonumber(ARGV[8])
local all = burst * permit
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
	if unit ~= permit then -- the rate has changed: permits in use stay in use, and none come back
		used, back = math.ceil(used / math.max(unit, 1) * permit), 0
	end
	used = math.max(math.min(used, all) - math.max(now - at, 0) * micro, 0)
end
if back > 0 and since <= now then
	used = math.max(used - math.max(back * permit - (now - since) * micro, 0), 0)
end
local granted = math.min(math.floor((all - used) / permit), most)
if granted < least then
	granted = 0
end
used = used + granted * permit
if granted > 0 or back > 0 or at > now then -- a clock that went back must not stop time
	local ttl = math.ceil(used / micro / 1000) + 1000
	redis.call('SET', KEYS[1], struct.pack('>I8I8I8', now, used, permit), 'PX', ttl)
end
return {granted, used, now}
