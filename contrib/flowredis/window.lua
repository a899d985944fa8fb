-- A fixed or a sliding window. KEYS: state, and the quota in force when it is in reach. ARGV: the quota in
-- force as the caller knows it, permits, then what the quota is made of: limit, window and step
-- (microseconds), and whether the window before counts too (0 or 1).
--
-- Windows begin at multiples of their length on this server's clock. The state is four integers: the length
-- of the windows, the number of the current one, its count, and the count of the window before. What the
-- one before still counts for is rounded up, in steps so long that all products are exact.
--
-- Gives whether it was allowed, both counts, and how far into the window it was.
if KEYS[2] and (redis.call('GET', KEYS[2]) or '') ~= ARGV[1] then
	return redis.error_reply('QUOTA is another')
end
local n, limit, window = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local step, sliding = tonumber(ARGV[5]), tonumber(ARGV[6])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local index = math.floor(now / window)
local elapsed = now - index * window
local count, before, stale = 0, 0, false
local state = redis.call('GET', KEYS[1])
if state then
	if #state ~= 32 then
		return redis.error_reply('STATE is not of this format')
	end
	local size, held
	size, held, count, before = struct.unpack('>I8I8I8I8', state)
	size = math.max(size, 1)
	local here = math.floor(now / size)
	if here > held then
		before = here == held + 1 and count or 0
		count = 0
	end
	before = before * sliding
	if size ~= window then -- other windows begin with what is in use
		count, before = count + math.ceil(before * (size - now % size) / size), 0
	end
	count, before = math.min(count, limit), math.min(before, limit)
	stale = size ~= window or here < held -- a clock that went back must not stop time
end
local share = math.ceil(before * math.ceil((window - elapsed) / step) / math.floor(window / step))
local allowed = 0
if count + math.min(share, before) + n <= limit then
	allowed, count = 1, count + n
end
if allowed == 1 or stale then
	local ttl = math.ceil(((1 + sliding) * window - elapsed) / 1000) + 1000
	redis.call('SET', KEYS[1], struct.pack('>I8I8I8I8', window, index, count, before), 'PX', ttl)
end
return {allowed, count, before, elapsed}
