-- What region_take does, for nearly all decisions: while no loan has ended and the clock is right, the rate is
-- one number.
do
	local f = redis.call('HMGET', KEYS[1], 'at', 'used', 'share', 'burst', 'held', 'sum', 'first', 'era')
	local time = redis.call('TIME')
	local now = time[1] * 1000000 + time[2]
	local at = tonumber(f[1] or '2e300')
	if at <= now and now < tonumber(f[7]) and (ARGV[3] ~= f[8] or now >= tonumber(ARGV[4])) then
		local rate = math.max(f[3] - f[5], 0) + f[6]
		local used, burst, n = tonumber(f[2]), tonumber(f[4]), ARGV[2] * 1000000
		used = math.max(math.min(used, burst) - math.floor(rate * (now - at) / 1000000), 0)
		if used + n > burst then
			return {0, used, rate}
		end
		used = used + n
		redis.call('HSET', KEYS[1], 'at', string.format('%.0f', now), 'used', string.format('%.0f', used))
		return {1, used, rate}
	end
end

