package redis_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/go-redis/redis_rate/v10"
	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"
	ulule "github.com/ulule/limiter/v3"
	store "github.com/ulule/limiter/v3/drivers/store/redis"
)

func newRedisRate(client goredis.UniversalClient, q quota) ask {
	l, per := redis_rate.NewLimiter(client), redis_rate.PerSecond(int(q))
	return func(ctx context.Context, key string) (bool, error) {
		r, err := l.Allow(ctx, key, per)
		return err == nil && r.Allowed == 1, err
	}
}

// newUlule makes a fixed window of a second.
func newUlule(tb testing.TB, q quota) ask {
	tb.Helper()
	s, err := store.NewStore(byDefault(tb))
	must(tb, err)
	l := ulule.New(s, ulule.Rate{Period: time.Second, Limit: int64(q)})
	return func(ctx context.Context, key string) (bool, error) {
		c, err := l.Get(ctx, key)
		return err == nil && !c.Reached, err
	}
}

// gcra is no library but the floor of a bucket that takes the server's time: a number in, one out.
const gcra = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local tat = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now) + ARGV[1]
if tat - now > tonumber(ARGV[2]) then return 0 end
redis.call('SET', KEYS[1], string.format('%.0f', tat), 'PX', math.ceil((tat - now) / 1000) + 1000)
return 1`

// gcraArgs are microseconds from permit to permit, and in a burst.
func (q quota) gcraArgs() (interval, burst string) {
	return strconv.FormatFloat(1e6/float64(q), 'f', -1, 64), "1000000"
}

func newBareGCRA(tb testing.TB, q quota) ask {
	tb.Helper()
	client, script := asOurs(tb), goredis.NewScript(gcra)
	interval, burst := q.gcraArgs()
	return func(ctx context.Context, key string) (bool, error) {
		n, err := script.EvalSha(ctx, client, []string{key}, interval, burst).Int()
		if goredis.HasErrorPrefix(err, "NOSCRIPT") {
			n, err = script.Eval(ctx, client, []string{key}, interval, burst).Int()
		}
		return n == 1, err
	}
}

// newRueidisGCRA stands in for rueidislimiter: the same client, with the floor's script.
func newRueidisGCRA(tb testing.TB, q quota) ask {
	tb.Helper()
	client, script := pipelining(tb), rueidis.NewLuaScript(gcra)
	interval, burst := q.gcraArgs()
	return func(ctx context.Context, key string) (bool, error) {
		n, err := script.Exec(ctx, client, []string{key}, []string{interval, burst}).AsInt64()
		return n == 1, err
	}
}
