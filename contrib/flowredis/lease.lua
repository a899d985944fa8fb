-- A lease. KEYS: state. ARGV: what to do, an owner, and a time (us): how long the lease lasts, or how long
-- the key is marked as done.
--
-- The state is three integers, a letter and a name: the last fencing token, when the state was written
-- (microseconds of this server's clock), for how long it holds, h when it is held, d when it is done and
-- f when it is free, and the holder. A missing state is a free key.
--
-- A token is above the last one, and not below the time: so tokens rise also when the state was lost,
-- unless the clock was set back too.
--
-- Gives 1 when it was done, 0 when it is held by another or, of extend and release, not by the owner, 2
-- when it is marked as done; the token; and how long that will last (us).
local verb, owner, time = ARGV[1], ARGV[2], tonumber(ARGV[3])
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local token, at, life, kind, holder = 0, now, 0, 'f', ''
local state = redis.call('GET', KEYS[1])
if state then
	if #state < 25 then
		return redis.error_reply('STATE is not of this format')
	end
	token, at, life = struct.unpack('>I8I8I8', state)
	kind, holder = string.sub(state, 25, 25), string.sub(state, 26)
end

local kept = 3600000 -- ms: how long a token is kept that no one needs any more

local function write(at, life, kind, holder)
	local ttl = math.ceil(life / 1000)
	if kind ~= 'd' then
		ttl = ttl + kept
	end
	redis.call('SET', KEYS[1], struct.pack('>I8I8I8', token, at, life) .. kind .. holder, 'PX', string.format('%.0f', ttl))
end

local left = life - math.max(now - at, 0)
if kind ~= 'f' and left <= 0 then
	kind, holder = 'f', ''
end
if verb == 'acquire' then
	if kind == 'd' or kind == 'h' and holder ~= owner then
		if at > now then -- a clock that went back must not hold the key for longer
			write(now, life, kind, holder)
		end
		return {kind == 'd' and 2 or 0, 0, left}
	end
	token = math.max(token + 1, now)
	write(now, time, 'h', owner)
	return {1, token, 0}
end
if kind ~= 'h' or holder ~= owner then
	return {0, 0, 0}
end
if verb == 'extend' then
	write(now, time, 'h', owner)
elseif time > 0 then
	write(now, time, 'd', '')
else
	write(now, 0, 'f', '')
end
return {1, token, 0}
