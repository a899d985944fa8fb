package flowredis_test

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/internal/redistest"
	"github.com/goflow-go/goflow/limit"
)

// The variables that tell a process of this test's binary what it is.
const (
	childVar = "FLOWREDIS_TEST_ASKER"    // JSON of an asker: it is one of several processes
	longVar  = "FLOWREDIS_TEST_DURATION" // how long the processes ask; a second without it
)

// asker is a process that asks for permits, or holds one.
type asker struct {
	Addrs    []string
	Prefix   string
	Config   flowredis.TokenBucketConfig
	Duration time.Duration
	Hold     bool // take a permit of a concurrency limit and keep it
}

// spent is a permit, with when it was asked for and when it came, in Unix nanoseconds.
type spent struct{ asked, came int64 }

// run is what an asker does: it says that it is ready, waits for a line, and prints what it got.
func (c asker) run() error {
	client, err := flowredis.NewClient(flowredis.ClientConfig{
		Addrs: c.Addrs, PoolTimeout: patient, DialTimeout: patient, ReadTimeout: patient,
	})
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	shared, err := flowredis.New("shared", client, flowredis.Config{Prefix: c.Prefix, Budget: patient, Heartbeat: 100 * time.Millisecond})
	if err != nil {
		return err
	}
	defer shared.Close()
	return c.ask(shared)
}

func (c asker) ask(shared *flowredis.Coordinator) error {
	if c.Hold {
		return hold(shared)
	}
	l, err := flowredis.NewTokenBucket("api", shared, c.Config)
	if err != nil {
		return err
	}
	defer l.Close()
	if _, err := fmt.Fprintln(os.Stdout, "ready"); err != nil {
		return err
	}
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		return err
	}
	var mu sync.Mutex
	var log []spent
	var all sync.WaitGroup
	end := time.Now().Add(c.Duration)
	ticks := 0
	all.Go(func() {
		for ; time.Now().Before(end); ticks++ {
			<-time.After(time.Millisecond)
		}
	})
	for range 8 {
		all.Go(func() {
			for now := time.Now(); now.Before(end); now = time.Now() {
				d, err := l.Take(context.Background(), 1)
				if err == nil && d.Allowed {
					mu.Lock()
					log = append(log, spent{now.UnixNano(), time.Now().UnixNano()})
					mu.Unlock()
				} else {
					<-time.After(time.Millisecond)
				}
			}
		})
	}
	all.Wait()
	out := bufio.NewWriter(os.Stdout)
	_, _ = fmt.Fprintln(out, "ticks", ticks)
	for _, s := range log {
		_, _ = fmt.Fprintln(out, s.asked, s.came)
	}
	if n := l.Stats().Degraded.Allowed; n > 0 {
		_, _ = fmt.Fprintln(out, "degraded")
	}
	return out.Flush()
}

// hold takes two permits of three and keeps them until it is killed.
func hold(shared *flowredis.Coordinator) error {
	ctx := context.Background()
	if err := shared.Start(ctx); err != nil {
		return err
	}
	l, err := flowredis.NewConcurrency("db", shared, three)
	if err != nil {
		return err
	}
	p, err := l.TryAcquire(ctx, 2)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(os.Stdout, "ready"); err != nil {
		return err
	}
	<-p.Lost()
	return errors.New("the permit was lost")
}

// spawn starts an asker, which is killed when the test ends.
func spawn(t *testing.T, c asker) (in io.Writer, out *bufio.Scanner, kill func()) {
	t.Helper()
	arg, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^$") //nolint:gosec,noctx // this test's own binary; it is killed below
	cmd.Env = append(os.Environ(), childVar+"="+string(arg))
	cmd.Stderr = os.Stderr
	in, err = cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	t.Cleanup(kill)
	out = bufio.NewScanner(pipe)
	if !out.Scan() || out.Text() != "ready" {
		t.Fatalf("an asker said %q, %v, want that it is ready", out.Text(), out.Err())
	}
	return in, out, kill
}

// fourProcesses lets four processes ask for the permits of one limit for a while. It gives what they got, and in
// which part of the time they ran: a timer of a millisecond takes longer on a machine with too much to do.
func fourProcesses(t *testing.T, cfg flowredis.TokenBucketConfig, addrs ...string) (log []spent, ran float64) {
	t.Helper()
	c := asker{Addrs: addrs, Prefix: prefix(t), Config: cfg, Duration: time.Second}
	if long, err := time.ParseDuration(os.Getenv(longVar)); err == nil {
		c.Duration = long
	}
	ran = 1
	var mu sync.Mutex
	var all sync.WaitGroup
	var starts []io.Writer
	for range 4 {
		in, out, _ := spawn(t, c)
		starts = append(starts, in)
		all.Go(func() {
			for out.Scan() {
				var ticks int
				if n, _ := fmt.Sscanf(out.Text(), "ticks %d", &ticks); n == 1 {
					mu.Lock()
					ran = min(ran, float64(ticks)/float64(c.Duration.Milliseconds()))
					mu.Unlock()
					continue
				}
				var s spent
				if _, err := fmt.Sscan(out.Text(), &s.asked, &s.came); err != nil {
					t.Errorf("an asker said %q", out.Text())
				}
				mu.Lock()
				log = append(log, s)
				mu.Unlock()
			}
		})
	}
	for _, in := range starts {
		if _, err := io.WriteString(in, "go\n"); err != nil {
			t.Fatal(err)
		}
	}
	all.Wait()
	return log, ran
}

// requireEveryStretch checks that no stretch of time between two moments of a grid holds more than rate
// and burst, and that all hold more than a part of the rate. A permit lies in a stretch that holds both when it
// was asked for and when it came.
func requireEveryStretch(t *testing.T, log []spent, perSecond float64, burst int, part float64) {
	t.Helper()
	slices.SortFunc(log, func(a, b spent) int { return cmp.Compare(a.came, b.came) })
	first, last := log[0].asked, log[len(log)-1].came
	grid := max((last-first)/200, int64(time.Millisecond))
	for from := first; from <= last; from += grid {
		n := 0
		for _, s := range log {
			if s.asked < from {
				continue
			}
			n++
			if most := float64(burst) + perSecond*float64(s.came-from)/1e9; float64(n) > most+1e-6 {
				t.Fatalf("%d permits in %v, want at most %.1f", n, time.Duration(s.came-from), most)
			}
		}
	}
	took := float64(last-first) / 1e9
	t.Logf("%d permits in %.3fs, at most %.1f are to be had", len(log), took, float64(burst)+perSecond*took)
	if least := perSecond * took * part; float64(len(log)) < least {
		t.Errorf("%d permits in %.3fs, want more than %.0f", len(log), took, least)
	}
}

func TestFourProcessesGetExactlyOneLimit(t *testing.T) {
	t.Parallel()
	base := flowredis.TokenBucketConfig{Rate: limit.PerSecond(500), Burst: 100, Fallback: flowredis.FailClosed}
	batched, withLeases, small := base, base, base
	batched.Batch, batched.CacheDenials = true, true
	withLeases.Lease, small.Lease = 50, 5
	for _, c := range []struct {
		name string
		cfg  flowredis.TokenBucketConfig
	}{{"exact", base}, {"batched", batched}, {"leases of half the burst", withLeases}, {"small leases", small}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			log, ran := fourProcesses(t, c.cfg, redistest.Shared(t).Addr())
			requireEveryStretch(t, log, 500, 100, ran/2)
		})
	}
	t.Run("leases in a cluster", func(t *testing.T) {
		t.Parallel()
		log, ran := fourProcesses(t, withLeases, redistest.SharedCluster(t).Addrs()...)
		requireEveryStretch(t, log, 500, 100, ran/2)
	})
}

// beAsker runs the asker that this process is, if it is one.
func beAsker() (is bool, code int) {
	text := os.Getenv(childVar)
	if text == "" {
		return false, 0
	}
	var c asker
	err := json.NewDecoder(strings.NewReader(text)).Decode(&c)
	if err == nil {
		err = c.run()
	}
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		return true, 1
	}
	return true, 0
}
