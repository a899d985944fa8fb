package flowredis_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
)

func TestConfigsNameEveryFault(t *testing.T) {
	t.Parallel()
	client := clientOf(t, "127.0.0.1:1")
	c := coordinate(t, client, flowredis.Config{})
	_, whole := flowredis.New("shared", client, flowredis.Config{Prefix: "{x}", Budget: 1, Heartbeat: 1, Instances: -1})
	_, none := flowredis.New("shared", nil, flowredis.Config{})
	_, long := flowredis.New("shared", client, flowredis.Config{Budget: time.Hour, Heartbeat: 2 * time.Hour, Prefix: strings.Repeat("x", 99)})
	_, bucket := flowredis.NewTokenBucket("api", c, flowredis.TokenBucketConfig{Burst: -1, Fallback: 9, MaxWaiters: -1, MaxKeys: -1})
	_, homeless := flowredis.NewKeyedTokenBucket("api", nil, flowredis.TokenBucketConfig{Rate: limit.PerSecond(1)})
	_, nameless := flowredis.NewTokenBucket("", c, tenth(1))
	for _, row := range []struct {
		err    error
		fields string
	}{
		{whole, "Prefix Budget Heartbeat Instances"},
		{none, "client"},
		{long, "Prefix Budget Heartbeat"},
		{bucket, "Rate Burst Fallback MaxWaiters MaxKeys"},
		{homeless, "coordinator"},
		{nameless, "name"},
	} {
		if !errors.Is(row.err, core.ErrInvalid) {
			t.Errorf("got %v, want invalid", row.err)
			continue
		}
		for _, field := range strings.Fields(row.fields) {
			if !strings.Contains(row.err.Error(), field) {
				t.Errorf("%v does not name %s", row.err, field)
			}
		}
	}
}

func TestFallbackIsReadFromText(t *testing.T) {
	t.Parallel()
	for _, f := range []flowredis.Fallback{flowredis.FallbackLocal, flowredis.FailClosed, flowredis.FailOpen} {
		text, err := json.Marshal(flowredis.TokenBucketConfig{Rate: limit.PerSecond(1), Fallback: f})
		if err != nil {
			t.Fatal(err)
		}
		var read flowredis.TokenBucketConfig
		if err := json.Unmarshal(text, &read); err != nil || read.Fallback != f {
			t.Errorf("%s: got %v, %v, want %v", text, read.Fallback, err, f)
		}
	}
	var f flowredis.Fallback
	if err := f.UnmarshalText([]byte("maybe")); err == nil {
		t.Error("maybe was taken for a fallback")
	}
}

func TestPermitsThatMakeNoSenseAskNothing(t *testing.T) {
	t.Parallel()
	c := coordinate(t, clientOf(t, "127.0.0.1:1"), flowredis.Config{})
	l := newBucket(t, c, tenth(3))
	for _, n := range []int{-1, 0, 4} {
		_, err := l.Take(t.Context(), n)
		if !errors.Is(err, core.ErrInvalid) || errors.Is(err, limit.ErrExceedsBurst) != (n > 3) {
			t.Errorf("Take(%d): got %v, want invalid", n, err)
		}
		if err := l.WaitN(t.Context(), n); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("WaitN(%d): got %v, want invalid", n, err)
		}
	}
	if st := c.Stats(); st.NotRun+st.Answered+st.Local != 0 {
		t.Errorf("got %+v, want nothing asked", st)
	}
}
