package flowredis_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/redistest"
	"github.com/goflow-go/goflow/limit"
)

const secret = "hunter2"

func TestClientIsWhatTheAddressesSay(t *testing.T) {
	t.Parallel()
	one, several := []string{"127.0.0.1:1"}, []string{"127.0.0.1:1", "127.0.0.1:2"}
	single := newClient(t, flowredis.ClientConfig{Addrs: one, DB: 2})
	if o := single.(*redis.Client).Options(); !o.ContextTimeoutEnabled || o.MaxRetries > 0 || o.DB != 2 || o.DialTimeout > time.Second {
		t.Errorf("single: got %+v", o)
	}
	for _, cfg := range []flowredis.ClientConfig{{Addrs: several}, {Addrs: one, Cluster: true}} {
		cluster, ok := newClient(t, cfg).(*redis.ClusterClient)
		if !ok {
			t.Fatalf("%v made no cluster client", cfg.Addrs)
		}
		if o := cluster.Options(); !o.ContextTimeoutEnabled || o.MaxRetries > 0 || o.ClusterStateReloadInterval > 2*time.Second {
			t.Errorf("cluster: got %+v", o)
		}
	}
	if _, ok := newClient(t, flowredis.ClientConfig{Addrs: several, MasterName: "m"}).(*redis.Client); !ok {
		t.Error("Sentinels made no failover client")
	}
}

func TestClientConfigNamesEveryFault(t *testing.T) {
	t.Parallel()
	_, err := flowredis.NewClient(flowredis.ClientConfig{
		Addrs: []string{"redis://user:" + secret + "@host:1", "host"}, Password: secret,
		DB: 3, PoolSize: -1, PoolTimeout: -1, DialTimeout: -1, ReadTimeout: -1,
	})
	if !errors.Is(err, core.ErrInvalid) {
		t.Fatalf("got %v, want invalid", err)
	}
	for _, field := range []string{"Addrs[0]", "Addrs[1]", "DB", "PoolSize", "PoolTimeout", "DialTimeout", "ReadTimeout"} {
		if !strings.Contains(err.Error(), field) {
			t.Errorf("%v does not name %s", err, field)
		}
	}
	if strings.Contains(err.Error(), secret) {
		t.Errorf("%v shows the password", err)
	}
	if _, err = flowredis.NewClient(flowredis.ClientConfig{}); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("no address: got %v, want invalid", err)
	}
}

func TestSecretsAreNeverShown(t *testing.T) {
	t.Parallel()
	cfg := flowredis.ClientConfig{Addrs: []string{"127.0.0.1:1"}, Password: secret, SentinelPassword: secret}
	dump, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	shown := string(dump)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		shown += fmt.Sprintf(verb, cfg) + fmt.Sprintf(verb, &cfg) + fmt.Sprintf(verb, cfg.Password)
	}
	if strings.Contains(shown, secret) || strings.Contains(shown, fmt.Sprintf("%x", secret)) {
		t.Errorf("%s shows the password", shown)
	}
	var read flowredis.ClientConfig
	if err := json.Unmarshal([]byte(`{"password":"`+secret+`"}`), &read); err != nil || string(read.Password) != secret {
		t.Errorf("got %v, want the password read", err)
	}
}

func TestWrongPasswordDegradesAndIsNotShown(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t, redistest.WithPassword("right"))
	client := newClient(t, calm(flowredis.ClientConfig{Addrs: []string{server.Addr()}, Password: secret}))
	c := coordinate(t, client, unhurried)
	cfg := tenth(5)
	cfg.Fallback = flowredis.FailClosed
	l := newBucket(t, c, cfg)
	began := time.Now()
	for range 20 {
		_, err := l.Take(t.Context(), 1)
		if core.ErrorType(err) != core.TypeUnavailable || strings.Contains(err.Error(), secret) {
			t.Fatalf("got %v, want unavailable and no password", err)
		}
	}
	most := 3 + int64(time.Since(began)/(250*time.Millisecond)) // it is asked again after a quarter of a second or more
	if st := c.Stats(); st.NotRun < 3 || st.NotRun > most {
		t.Errorf("got %+v, want three tries and then none for a while", st)
	}
}

func TestClientWorksWithPasswordAndTLS(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t, redistest.WithPassword(secret), redistest.WithTLS())
	client := newClient(t, calm(flowredis.ClientConfig{Addrs: []string{server.Addr()}, Password: secret, TLSConfig: server.TLS()}))
	l := newBucket(t, coordinate(t, client, unhurried), tenth(5))
	if !l.Allow(t.Context()) || l.Stats().Coordinated.Allowed != 1 {
		t.Errorf("got %+v, want a decision in redis", l.Stats())
	}
}

func TestLimitersNeedNoMoreThanTheDocumentedACL(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t)
	server.MustDo(append([]string{"ACL", "SETUSER", "goflow", "on", ">" + secret}, strings.Fields(
		"resetkeys ~goflow:* resetchannels -@all +evalsha +eval +time +get +set +del +zadd +zrem +zcard +zscore +zrangebyscore +zremrangebyscore "+
			"+pexpire +hello +ping +select +command +cluster|slots +cluster|shards +readonly")...)...)
	client := newClient(t, calm(flowredis.ClientConfig{Addrs: []string{server.Addr()}, Username: "goflow", Password: secret}))
	c := coordinate(t, client, flowredis.Config{Prefix: "goflow", Budget: patient})
	l := newBucket(t, c, tenth(5))
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	permits, err := flowredis.NewConcurrency("db", c, flowredis.ConcurrencyConfig{Limit: 1})
	made(t, permits, err)
	window, err := flowredis.NewSlidingWindow("api", c, daily(1))
	made(t, window, err)
	leases := newKeyed(t, c, leased(limit.PerHour(1), 10, 5))
	nothing := func(context.Context) error { return nil }
	if err := errors.Join(permits.Do(t.Context(), nothing), limit.Reject(window).Do(t.Context(), nothing), limit.Reject(leases.For("ann")).Do(t.Context(), nothing)); err != nil {
		t.Error(err)
	}
	if err := errors.Join(l.SetBurst(t.Context(), 7), c.Stop(t.Context())); err != nil {
		t.Error(err)
	}
	if !l.Allow(t.Context()) || c.Stats().NotRun != 0 || c.Stats().Refused != 0 {
		t.Errorf("got %+v, want all answered", c.Stats())
	}
	if err := client.FlushAll(t.Context()).Err(); err == nil {
		t.Error("the user may do more than it needs")
	}
}
