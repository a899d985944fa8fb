-- What a region has of a limit that regions share. All scripts of a region begin with this. KEYS: the ledger.
--
-- The ledger is a hash. Rates are in micro-permits a second, permits in micro-permits, times in microseconds
-- of this server's clock.
--   share, burst    what is the region's own
--   at, used        when it was settled, and how many permits were in use then
--   era             another number each time that the clock was seen to go back, and in each ledger
--   lent, held      what others have of the share, a line each (REGION NONCE PROMISED HELD WANT); the sum of HELD
--   borrowed        what the region has of others' shares, a line each (REGION NONCE RATE END)
--   sum, first      the sum of RATE, and the first END
--   demand, ticked  what is asked for, and when a process was here last
--   turn, since     who balances, and when it was here last
--   cut             the regions that do not answer it
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

local ledger
local field = redis.call('HMGET', KEYS[1], 'at', 'used', 'share', 'burst', 'held', 'borrowed', 'era')
if field[1] then
	ledger = {
		at = tonumber(field[1]), used = tonumber(field[2]), share = tonumber(field[3]), burst = tonumber(field[4]),
		held = tonumber(field[5]), borrowed = {}, era = field[7],
	}
	for region, nonce, rate, ends in string.gmatch(field[6], '(%S+) (%S+) (%d+) (%d+)\n') do
		table.insert(ledger.borrowed, {region = region, nonce = nonce, rate = tonumber(rate), ends = tonumber(ends)})
	end
end

local function int(n)
	return string.format('%.0f', n)
end

-- own is what is left of the share.
local function own()
	return math.max(ledger.share - ledger.held, 0)
end

-- rate is how fast permits come back now.
local function rate()
	local sum = own()
	for _, b in ipairs(ledger.borrowed) do
		if b.ends > now then
			sum = sum + b.rate
		end
	end
	return sum
end

-- settle brings back what came since the ledger was settled, at the rates that were in force. What was
-- borrowed came until its end. A process of the region says in which era it looked, and what this clock must
-- show by its own at the least. It tells whether the clock went back: then no one knows when what is
-- borrowed ends, so it has ended, and another era begins. Without a process (nil) what comes of a loan is what was
-- left of it, so a step that goes unseen makes that no more.
local function settle(era, least)
	local back = now < ledger.at or era == ledger.era and now < tonumber(least)
	if back then
		ledger.at, ledger.borrowed = math.min(ledger.at, now), {}
		ledger.era = int(tonumber(ledger.era) + 1)
	end
	local came = own() * (now - ledger.at)
	for _, b in ipairs(ledger.borrowed) do
		came = came + b.rate * math.max(math.min(now, b.ends) - ledger.at, 0)
	end
	ledger.used = math.max(math.min(ledger.used, ledger.burst) - math.floor(came / 1000000), 0)
	ledger.at = now
	return back
end

-- save writes what was settled, and what is borrowed and has not ended. It gives that as text.
local function save()
	local lines, sum, first = {}, 0, 2 ^ 53
	for _, b in ipairs(ledger.borrowed) do
		if b.ends > now then
			table.insert(lines, b.region .. ' ' .. b.nonce .. ' ' .. int(b.rate) .. ' ' .. int(b.ends) .. '\n')
			sum, first = sum + b.rate, math.min(first, b.ends)
		end
	end
	local text = table.concat(lines)
	redis.call('HSET', KEYS[1], 'at', int(ledger.at), 'used', int(ledger.used), 'held', int(ledger.held),
		'era', ledger.era, 'borrowed', text, 'sum', int(sum), 'first', int(first))
	return text
end

-- spare is what a region can lend that is asked for so much: all but that, and some of it more.
local function spare(demand)
	local headroom = math.max(math.floor(demand / 25), math.floor(ledger.share / 100))
	return math.max(ledger.share - demand - headroom, 0)
end

-- loans reads what is lent.
local function loans(text)
	local all = {}
	for region, nonce, promised, held, want in string.gmatch(text, '(%S+) (%S+) (%d+) (%d+) (%d+)\n') do
		table.insert(all, {
			region = region, nonce = nonce, promised = tonumber(promised), held = tonumber(held), want = tonumber(want),
		})
	end
	return all
end

-- lent is what is lent, as text, and its sum.
local function lent(all)
	local lines, sum = {}, 0
	for _, l in ipairs(all) do
		table.insert(lines, table.concat({l.region, l.nonce, int(l.promised), int(l.held), int(l.want)}, ' ') .. '\n')
		sum = sum + l.held
	end
	return table.concat(lines), sum
end

