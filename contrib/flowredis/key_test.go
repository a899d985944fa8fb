package flowredis_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/internal/redistest"
	"github.com/goflow-go/goflow/limit"
)

func TestKeysOfUsersCanNeitherMeetNorLeaveTheirPlace(t *testing.T) {
	t.Parallel()
	text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[{}:%#a-c\x00\xff ]{0,12}`), rapid.StringMatching(`a{250,260}`))
	rapid.Check(t, func(t *rapid.T) {
		a, b := text.Draw(t, "a"), text.Draw(t, "b")
		if pa, pb := flowredis.Part(a), flowredis.Part(b); (pa == pb) != (a == b) {
			t.Errorf("%q and %q became %q and %q", a, b, pa, pb)
		}
		for _, part := range []string{flowredis.Part(a), flowredis.Escape(a)} {
			if strings.ContainsAny(part, "{}: \r\n") {
				t.Errorf("%q became %q, which could end the hash tag or a word", a, part)
			}
			if len(part) > 3*256 {
				t.Errorf("a key of %d bytes became one of %d", len(a), len(part))
			}
		}
		name, key := text.Draw(t, "name"), text.Draw(t, "key")
		if joined := flowredis.Escape(name) + ":" + flowredis.Part(key); strings.Count(joined, ":") != 1 {
			t.Errorf("%q of %q became %q, which can be read in two ways", key, name, joined)
		}
	})
}

func TestEveryKeyHasThePrefixAndALifetime(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t)
	c := coordinate(t, calmClient(t, server.Addr()), flowredis.Config{Prefix: "flow", Budget: patient})
	slow := flowredis.TokenBucketConfig{Rate: limit.PerHour(10), Burst: 3}
	l, k := newBucket(t, c, slow), newKeyed(t, c, slow)
	start(t, c)
	for range 10 {
		l.Allow(t.Context())
		for _, key := range []string{"", "ann", "{b}:o%b", strings.Repeat("x", 1000)} {
			k.Allow(t.Context(), key)
		}
	}
	for _, set := range []error{l.SetBurst(t.Context(), 4), k.SetBurst(t.Context(), 4)} {
		if set != nil {
			t.Fatal(set)
		}
	}
	keys := server.MustDo("KEYS", "*").Strings()
	if len(keys) != 8 {
		t.Errorf("got keys %q, want 1 of instances, 1 and 4 of state, 2 of quotas", keys)
	}
	for _, key := range keys {
		if !strings.HasPrefix(key, "flow:{") || !strings.HasSuffix(key, ":v1") {
			t.Errorf("the key %q is not of the form flow:{...}:...:v1", key)
		}
		if ttl := server.MustDo("PTTL", key).Number; ttl <= 0 {
			t.Errorf("the key %q lives for %d ms, want a lifetime", key, ttl)
		}
	}
}
