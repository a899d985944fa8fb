-- Another region asks for a part of this one's share, anew or still. ARGV: that region, the nonce of the last
-- answer it has taken up ("-" for none), the nonce of this question, the rate it would have, and how long ago
-- a process of this region must have been here.
--
-- What was promised before is held until the other region says that it has taken up less. So one whose last
-- answer was lost gets no other, until what it may have has run out and was taken back.
--
-- The spare rate is divided so that no one gets more while another wants more and has less.
--
-- Gives whether it was noted under the nonce, the rate, and what rate could be had.
local me, ack, nonce, want, fresh = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
if not ledger then
	return {0, 0, 0}
end
local f = redis.call('HMGET', KEYS[1], 'lent', 'demand', 'ticked')
local ticked = tonumber(f[3])
if ticked > now or now - ticked > fresh then
	return {0, 0, 0}
end

local all, mine, wants = loans(f[1]), nil, {}
for _, l in ipairs(all) do
	if l.region == me then
		mine = l
	else
		table.insert(wants, l.want)
	end
end
local left, among = spare(tonumber(f[2])), #wants + 1
local free = math.max(left - (ledger.held - (mine and mine.held or 0)), 0)
table.sort(wants)
for _, w in ipairs(wants) do
	if w * among > left then
		break
	end
	left, among = left - w, among - 1
end
local most = math.floor(left / among)
if mine and mine.held > 0 and mine.nonce ~= ack then
	return {0, 0, most}
end

settle()
if not mine then
	mine = {region = me, promised = 0}
	table.insert(all, mine)
end
local before = mine.promised
mine.nonce, mine.want = nonce, want
mine.promised = math.min(want, most, free)
mine.held = math.max(before, mine.promised)
local text
text, ledger.held = lent(all)
redis.call('HSET', KEYS[1], 'lent', text)
save()
return {1, mine.promised, most}
