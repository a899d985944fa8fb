package flowredis_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/faultnet"
	"github.com/goflow-go/goflow/internal/redistest"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/limit/limittest"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

// newRegional makes and starts one.
func newRegional(tb testing.TB, cfg flowredis.RegionalConfig, opts ...flowredis.Option) *flowredis.Regional {
	tb.Helper()
	r, err := flowredis.NewRegional("global", cfg, opts...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(r.Close)
	if err := r.Start(context.Background()); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := r.Stop(context.Background()); err != nil {
			tb.Error(err)
		}
	})
	return r
}

func TestRegionalConforms(t *testing.T) {
	t.Parallel()
	client := calmClient(t, redistest.Shared(t).Addr())
	limittest.Run(t, func(t *testing.T, rate limit.Rate, burst int) limit.Limiter {
		t.Helper()
		return newRegional(t, flowredis.RegionalConfig{
			Region: "eu", Regions: []flowredis.Region{{Name: "eu", Client: client}}, Rate: rate, Burst: burst,
			Coordinator: flowredis.Config{Prefix: prefix(t), Budget: patient},
		})
	}, limittest.RealTime(resolution))
}

// site is a region of a test: a server, and one process.
type site struct {
	*flowredis.Regional

	name     string
	server   *redistest.Server
	links    []*faultnet.Relay // from it to the others, by region; nil for its own
	demand   atomic.Int64      // permits a second
	admitted atomic.Int64
}

// sites are regions under load, and what all of them admitted.
type sites struct {
	all []*site

	mu  sync.Mutex
	log []spent
}

const (
	sitesRate  = 600
	sitesBurst = 60
)

// newSites starts three regions.
func newSites(t *testing.T, fallback flowredis.Fallback, opts ...flowredis.Option) *sites {
	t.Helper()
	s, p := &sites{}, prefix(t)
	for _, name := range []string{"eu", "us", "ap"} {
		s.all = append(s.all, &site{name: name, server: redistest.Single(t, redistest.WithClock())})
	}
	for i, here := range s.all {
		cfg := flowredis.RegionalConfig{
			Region: here.name, Rate: limit.PerSecond(sitesRate), Burst: sitesBurst, Fallback: fallback,
			Coordinator: flowredis.Config{Prefix: p, Budget: 200 * time.Millisecond},
		}
		for j, there := range s.all {
			addr := there.server.Addr()
			here.links = append(here.links, nil)
			if i != j {
				here.links[j] = faultnet.Listen(t, addr)
				addr = here.links[j].Addr()
			}
			cfg.Regions = append(cfg.Regions, flowredis.Region{Name: there.name, Client: clientOf(t, addr)})
		}
		here.Regional = newRegional(t, cfg, opts...)
	}
	return s
}

// load lets callers ask until the test is over, and then checks that there never was more than the limit. A
// server's clock that was set forward may have given a region's burst more.
func (s *sites) load(t *testing.T, forward *int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	began := time.Now()
	var all sync.WaitGroup
	for _, here := range s.all {
		all.Go(func() { s.ask(ctx, began, here) })
	}
	t.Cleanup(func() {
		cancel()
		all.Wait()
		requireEveryStretch(t, s.log, sitesRate, sitesBurst+*forward*sitesBurst/len(s.all), 0.25) // some tests cut off most
	})
}

// ask lets as many ask in one region as are to. A few ask at a time, so that one decision that is slow does not
// stop all.
func (s *sites) ask(ctx context.Context, began time.Time, here *site) {
	due := 0.0
	var busy sync.WaitGroup
	defer busy.Wait()
	room := make(chan struct{}, 16)
	for last := time.Now(); ctx.Err() == nil; {
		<-time.After(2 * time.Millisecond)
		now := time.Now()
		due = min(due+float64(here.demand.Load())*now.Sub(last).Seconds(), 100)
		last = now
		for ; due >= 1; due-- {
			room <- struct{}{}
			busy.Go(func() {
				defer func() { <-room }()
				one := spent{asked: int64(time.Since(began))}
				if here.Allow(ctx) {
					one.came = int64(time.Since(began))
					here.admitted.Add(1)
					s.mu.Lock()
					s.log = append(s.log, one)
					s.mu.Unlock()
				}
			})
		}
	}
}

// during is what each region admits in a time, a second.
func (s *sites) during(d time.Duration) []float64 {
	before := make([]int64, len(s.all))
	for i, here := range s.all {
		before[i] = here.admitted.Load()
	}
	began := time.Now()
	<-time.After(d)
	took := time.Since(began).Seconds()
	rates := make([]float64, len(s.all))
	for i, here := range s.all {
		rates[i] = float64(here.admitted.Load()-before[i]) / took
	}
	return rates
}

func rateOf(r limit.Rate) float64 {
	count, per := r.Parts()
	return count / per.Seconds()
}

// ledger is a number of the region's ledger in Redis.
func (s *site) ledger(t *testing.T, field string) int64 {
	t.Helper()
	keys := s.server.MustDo("KEYS", "*region-"+s.name+":v1").Strings()
	if len(keys) != 1 {
		t.Fatalf("got the ledgers %q, want one", keys)
	}
	n, err := strconv.ParseInt(s.server.MustDo("HGET", keys[0], field).Text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (s *sites) demands(of ...int64) {
	for i, d := range of {
		s.all[i].demand.Store(d)
	}
}

func TestThreeRegionsShareOneLimitAcrossACutLink(t *testing.T) { // alone, as it measures times
	rec := telemetrytest.New(t)
	s := newSites(t, flowredis.FailClosed, flowredis.WithTelemetry(rec.Options()...))
	s.load(t, new(int))
	eu, us := s.all[0], s.all[1]
	s.demands(1200, 20, 20)
	follows(t, eu)
	era := eu.ledger(t, "era")
	s.used(t, 0)
	s.demands(20, 1200, 20)
	follows(t, us)
	s.used(t, 1)

	links := []*faultnet.Relay{s.all[0].links[1], s.all[2].links[1], us.links[0], us.links[2]}
	for _, link := range links {
		link.Stall()
	}
	stall, began := stalls(t), time.Now()
	await(t, "own shares", patient, func() bool { return eu.ledger(t, "held")+s.all[2].ledger(t, "held") == 0 })
	if took, most := time.Since(began), time.Second+2*stall(); took > most {
		t.Errorf("%v after the cut something was held back, want nothing after %v", took, most)
	}
	<-time.After(time.Until(began.Add(time.Second)))
	s.admits(t, 1, 180, 220)
	await(t, "static mode", patient, func() bool { return us.Mode() == flowredis.Static && len(us.Stats().Cut) == 2 })
	rec.RequireEvent(flowconv.EventRegionLinkChange, flowconv.RegionNameKey.String("us"), flowconv.RegionPeerKey.String("eu"),
		flowconv.RegionLinkKey.String("cut"))
	for _, link := range links {
		link.Heal()
	}
	follows(t, us)
	rec.RequireEvent(flowconv.EventRegionLinkChange, flowconv.RegionNameKey.String("us"), flowconv.RegionPeerKey.String("eu"),
		flowconv.RegionLinkKey.String("connected"))
	if now := eu.ledger(t, "era"); now != era {
		t.Errorf("the era was %d and is %d: a clock was seen to go back, and none did", era, now)
	}
}

// used waits for a second in which most of the limit is used, nearly all of it in one region. A machine that is
// busy may need more than one.
func (s *sites) used(t *testing.T, in int) {
	t.Helper()
	var got []float64
	for range 6 {
		if got = s.during(time.Second); got[0]+got[1]+got[2] >= 0.9*sitesRate && got[in] >= 450 {
			return
		}
	}
	t.Errorf("admitted %.0f a second, want most of %d, in region %d", got, sitesRate, in)
}

// admits waits for a second in which a region admits what it should. A machine that is busy may need more than one.
func (s *sites) admits(t *testing.T, in int, least, most float64) {
	t.Helper()
	var got float64
	for range 6 {
		if got = s.during(time.Second)[in]; got >= least && got <= most {
			return
		}
	}
	t.Errorf("admitted %.0f a second, want from %.0f to %.0f", got, least, most)
}

// follows waits until a region has most of what others can lend it. It may take two seconds, and one more while
// links are tried again.
func follows(t *testing.T, s *site) {
	t.Helper()
	stall, began := stalls(t), time.Now()
	await(t, "what is lent", patient, func() bool { return rateOf(s.Stats().Borrowed) > 300 })
	took := time.Since(began)
	t.Logf("%s: it took %v", s.name, took)
	if most := 3*time.Second + 4*stall(); took > most {
		t.Errorf("%s: it took %v, want at most %v", s.name, took, most)
	}
}

func TestRegionsKeepTheLimitWhenARedisLosesWhatItHad(t *testing.T) { // alone, as it measures times
	for _, c := range []struct {
		name string
		lost int
	}{{"of a lender", 1}, {"of the borrower", 0}} {
		t.Run(c.name, func(t *testing.T) {
			s := newSites(t, flowredis.FailClosed)
			s.load(t, new(int))
			s.demands(1200, 20, 20)
			follows(t, s.all[0])
			<-time.After(500 * time.Millisecond)
			for range 2 {
				s.all[c.lost].server.Kill()
				s.all[c.lost].server.Revive()
				<-time.After(1500 * time.Millisecond)
			}
			s.all[c.lost].server.MustDo("FLUSHALL")
			<-time.After(500 * time.Millisecond)
			follows(t, s.all[0])
			s.used(t, 0)
		})
	}
}

func TestRegionWithoutItsRedisHasWhatIsSurelyNotLentAndThenItsShare(t *testing.T) { // alone, as it measures times
	s := newSites(t, flowredis.FallbackLocal)
	s.demands(1200, 0, 0)
	ctx, cancel := context.WithCancel(t.Context())
	var asking sync.WaitGroup
	began := time.Now()
	for _, here := range s.all {
		asking.Go(func() { s.ask(ctx, began, here) })
	}
	defer asking.Wait()
	defer cancel()
	follows(t, s.all[0])
	us := s.all[1]
	us.server.Kill()
	us.demand.Store(1000)
	if got := s.during(600 * time.Millisecond)[1] * 0.6; got > sitesBurst/3+15 {
		t.Errorf("admitted %.0f at once, want the local burst of %d and hardly more", got, sitesBurst/3)
	}
	<-time.After(600 * time.Millisecond)
	s.admits(t, 1, 150, 250) // its share is 200
	if got := us.Mode(); got != flowredis.Static {
		t.Errorf("got mode %v, want static", got)
	}
}

func TestRegionalDecidesWithItsShareBeforeItIsStarted(t *testing.T) {
	t.Parallel()
	client := calmClient(t, redistest.Shared(t).Addr())
	r, err := flowredis.NewRegional("global", flowredis.RegionalConfig{
		Region: "eu", Rate: limit.PerSecond(3), Burst: 30,
		Regions:     []flowredis.Region{{Name: "eu", Weight: 2, Client: client}, {Name: "us", Client: client}},
		Coordinator: flowredis.Config{Prefix: prefix(t), Budget: patient},
	})
	made(t, r, err)
	if got := r.String(); got != `regional limiter "global" in "eu": 2/s, burst 20 of its own` {
		t.Errorf("got %s", got)
	}
	d, err := r.Take(t.Context(), 15)
	if err != nil || !d.Allowed || d.Limit != 20 || d.Remaining != 5 || d.Window != 10*time.Second {
		t.Errorf("got %+v, %v, want 15 of 20 permits, which come in 10s", d, err)
	}
	if d, err = r.Take(t.Context(), 10); err != nil || d.Allowed || d.RetryAfter < time.Second || d.RetryAfter > 2500*time.Millisecond {
		t.Errorf("got %+v, %v, want a denial for 2.5s", d, err)
	}
	if _, err = r.Take(t.Context(), 21); !errors.Is(err, limit.ErrExceedsBurst) {
		t.Errorf("got %v, want more than the region's burst", err)
	}
	if err := r.WaitN(t.Context(), 8); err != nil {
		t.Errorf("Wait: %v", err)
	}
	st := r.Stats()
	if st.Permits != 23 || st.Coordinated.Allowed != 1 || st.Coordinated.Denied != 2 || st.Coordinated.Delayed != 1 || st.Mode != flowredis.Static {
		t.Errorf("got %+v", st)
	}
	if err := errors.Join(r.Stop(t.Context()), r.Start(t.Context()), r.Stop(t.Context()), r.Stop(t.Context())); err != nil {
		t.Error(err)
	}
}

func TestRegionsNeedNoMoreThanTheDocumentedACL(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t)
	server.MustDo(append([]string{"ACL", "SETUSER", "goflow", "on", ">" + secret}, strings.Fields(
		"resetkeys ~goflow:* resetchannels -@all +evalsha +eval +time +zadd +zrem +zcard +zremrangebyscore +pexpire "+
			"+hmget +hset +hgetall +hdel +hello +ping +select")...)...)
	client := newClient(t, calm(flowredis.ClientConfig{Addrs: []string{server.Addr()}, Username: "goflow", Password: secret}))
	cfg := flowredis.RegionalConfig{
		Region: "eu", Rate: limit.PerSecond(100), Burst: 100, Fallback: flowredis.FailClosed, Coordinator: unhurried,
		Regions: []flowredis.Region{{Name: "eu", Client: client}, {Name: "us", Client: client}},
	}
	eu := newRegional(t, cfg)
	cfg.Region = "us"
	newRegional(t, cfg)
	await(t, "a loan", patient, func() bool {
		for range 20 {
			eu.Allow(t.Context())
		}
		return rateOf(eu.Stats().Borrowed) > 10
	})
	if st := eu.Stats(); st.Degraded != (flowredis.Decisions{}) || len(st.Cut) != 0 {
		t.Errorf("got %+v, want all answered", st)
	}
}

func TestRegionalTelemetryIsAsDeclared(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	client := calmClient(t, redistest.Shared(t).Addr())
	away := clientOf(t, "127.0.0.1:1")
	r := newRegional(t, flowredis.RegionalConfig{
		Region: "eu", Rate: limit.PerSecond(200), Burst: 20,
		Regions:     []flowredis.Region{{Name: "eu", Client: client}, {Name: "us", Client: away}},
		Coordinator: flowredis.Config{Prefix: prefix(t), Budget: patient},
	}, flowredis.WithTelemetry(rec.Options()...))
	eu := flowconv.RegionNameKey.String("eu")
	await(t, "the cut", patient, func() bool { return len(r.Stats().Cut) == 1 })
	r.Allow(t.Context())
	rec.RequireSum("goflow.region.mode", 1, eu, flowconv.RegionModeKey.String("static"))
	rec.RequireEvent(flowconv.EventRegionLinkChange, eu, flowconv.RegionLinkKey.String("cut"), flowconv.ErrorTypeKey.String(core.TypeUnavailable))
	rec.RequireDeclared()
	for _, name := range []string{"share", "lent", "borrowed", "demand", "mode", "link_change"} {
		rec.RequireEmitted("goflow.region." + name)
	}
}

func TestRegionsKeepTheLimitWhenTheClocksOfServersAreSet(t *testing.T) { // alone, as it measures times
	s := newSites(t, flowredis.FailClosed)
	forward := 0
	s.load(t, &forward)
	s.demands(1200, 20, 20)
	for _, here := range []int{0, 1} {
		for _, step := range []time.Duration{-30 * time.Second, 30 * time.Second} {
			follows(t, s.all[0])
			era := s.all[here].ledger(t, "era")
			s.all[here].server.SetClock(step)
			if step > 0 {
				forward++
			}
			<-time.After(time.Second)
			if now := s.all[here].ledger(t, "era"); (now > era) != (step < 0) {
				t.Errorf("a step of %v took the era from %d to %d, want another one after a step back alone", step, era, now)
			}
		}
	}
}
