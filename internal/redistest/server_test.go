package redistest_test

import (
	"crypto/tls"
	"strings"
	"testing"
	"time"

	"github.com/goflow-go/goflow/internal/redistest"
)

func TestSingleAnswersAtOnce(t *testing.T) {
	t.Parallel()
	began := time.Now()
	s := redistest.Single(t)
	t.Logf("started in %v", time.Since(began))
	if got := s.MustDo("SET", "k", "v").Text; got != "OK" {
		t.Errorf("SET: got %q, want OK", got)
	}
	if got := s.MustDo("GET", "k").Text; got != "v" {
		t.Errorf("GET: got %q, want v", got)
	}
	if got := s.MustDo("GET", "none"); !got.Null {
		t.Errorf("GET of nothing: got %+v, want null", got)
	}
	s.MustDo("RPUSH", "list", "a", "b")
	if got := s.MustDo("LRANGE", "list", "0", "-1").Strings(); strings.Join(got, " ") != "a b" {
		t.Errorf("LRANGE: got %q, want a b", got)
	}
	if _, err := s.Do("INCR", "list"); err == nil || !strings.Contains(err.Error(), "INCR: WRONGTYPE") {
		t.Errorf("INCR of a list: got %v, want WRONGTYPE", err)
	}
}

func TestServerForgetsWhenKilled(t *testing.T) {
	t.Parallel()
	s := redistest.Single(t)
	s.MustDo("SET", "k", "v")
	addr, pid := s.Addr(), s.Pid()
	s.Kill()
	if _, err := s.Do("PING"); err == nil || s.Running() {
		t.Errorf("killed: got %v and running %v, want an error and no", err, s.Running())
	}
	s.Revive()
	if got := s.MustDo("GET", "k"); !got.Null {
		t.Errorf("revived: got %+v, want null", got)
	}
	if s.Addr() != addr || s.Pid() == pid {
		t.Errorf("revived: got %s and pid %d, want %s and another than %d", s.Addr(), s.Pid(), addr, pid)
	}
}

func TestServerStandsStillWhenPaused(t *testing.T) {
	t.Parallel()
	s := redistest.Single(t)
	s.Pause()
	if s.Running() {
		t.Error("paused: it says that it runs")
	}
	replied := make(chan error, 1)
	go func() {
		_, err := s.Do("PING")
		replied <- err
	}()
	select {
	case err := <-replied:
		t.Errorf("paused: PING gave %v, want nothing", err)
	case <-time.After(100 * time.Millisecond):
	}
	s.Resume()
	if err := <-replied; err != nil {
		t.Errorf("resumed: %v", err)
	}
}

func TestServerIsKilledWhilePaused(t *testing.T) {
	t.Parallel()
	s := redistest.Single(t)
	s.Pause()
	s.Kill()
	s.Revive()
	s.MustDo("PING")
}

func TestOptionsTakeEffect(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		opt   redistest.Option
		check func(*testing.T, *redistest.Server)
	}{
		{"append only", redistest.WithAppendOnly("always"), func(t *testing.T, s *redistest.Server) {
			s.MustDo("SET", "k", "v")
			s.Kill()
			s.Revive()
			if got := s.MustDo("GET", "k").Text; got != "v" {
				t.Errorf("revived: got %q, want v", got)
			}
		}},
		{"min replicas", redistest.WithMinReplicas(1), func(t *testing.T, s *redistest.Server) {
			if _, err := s.Do("SET", "k", "v"); err == nil || !strings.Contains(err.Error(), "NOREPLICAS") {
				t.Errorf("got %v, want NOREPLICAS", err)
			}
		}},
		{"own address", redistest.WithOwnAddrs(), func(t *testing.T, s *redistest.Server) {
			if got := s.Addr(); !strings.HasPrefix(got, "127.1.0.1:") {
				t.Errorf("got %s, want 127.1.0.1", got)
			}
			if got := s.MustDo("CONFIG", "GET", "bind-source-addr").Strings()[1]; got != "127.1.0.1" {
				t.Errorf("connects from %s, want 127.1.0.1", got)
			}
		}},
		{"config", redistest.WithConfig("maxmemory 7mb", "maxmemory 8mb"), func(t *testing.T, s *redistest.Server) {
			if got := s.MustDo("CONFIG", "GET", "maxmemory").Strings()[1]; got != "8388608" {
				t.Errorf("got %s, want 8388608", got)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.check(t, redistest.Single(t, c.opt))
		})
	}
}

func TestPasswordChangesWhileItRuns(t *testing.T) {
	t.Parallel()
	s := redistest.Single(t, redistest.WithPassword(`a "quoted" one`))
	s.MustDo("PING")
	s.SetPassword("another")
	s.MustDo("PING")
	s.Kill()
	s.Revive()
	if got := s.MustDo("CONFIG", "GET", "requirepass").Strings()[1]; got != "another" {
		t.Errorf("got %q, want another", got)
	}
}

func TestTLSIsAllThatIsSpoken(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		opt  redistest.Option
		want string // in a client's error
	}{
		{"valid", redistest.WithTLS(), ""},
		{"expired", redistest.WithExpiredTLS(), "expired"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := redistest.Single(t, c.opt)
			s.MustDo("PING")
			conn, err := (&tls.Dialer{Config: s.TLS()}).DialContext(t.Context(), "tcp", s.Addr())
			if err == nil {
				_ = conn.Close()
			}
			if got := errorText(err); got != c.want && (c.want == "" || !strings.Contains(got, c.want)) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestClockMovesWhatTheServerSees(t *testing.T) {
	t.Parallel()
	s := redistest.Single(t, redistest.WithClock())
	s.MustDo("SET", "k", "v", "EX", "60")
	for _, offset := range []time.Duration{0, time.Hour, -time.Hour} {
		s.SetClock(offset)
		seconds := s.MustDo("TIME").Strings()[0]
		got, err := time.ParseDuration(seconds + "s")
		if want := time.Duration(time.Now().Add(offset).Unix()) * time.Second; err != nil || (got-want).Abs() > 2*time.Second {
			t.Errorf("by %v: got %v, %v, want %v", offset, got, err, want)
		}
		if offset > 0 && !s.MustDo("GET", "k").Null {
			t.Error("a key outlived its minute by an hour")
		}
	}
	plain := redistest.Single(t)
	text, failed := fails(t, func(tb testing.TB) { redistest.On(tb, plain).SetClock(time.Hour) })
	if !failed || !strings.Contains(text, "WithClock") {
		t.Errorf("without a clock: got failed %v, %q, want WithClock named", failed, text)
	}
}
