package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEachWrongSettingIsOneClearLineAndStartsNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		env  map[string]string
		want string
	}{
		"a flag that does not exist":      {args: []string{"-speed", "9"}, want: "-speed"},
		"an argument":                     {args: []string{"http://up"}, want: `unexpected argument "http://up"`},
		"an address without a port":       {args: []string{"-addr", "localhost"}, want: `"localhost" for -addr (or GATEWAY_ADDR): must be host:port`},
		"a port that does not exist":      {args: []string{"-addr", "127.0.0.1:99999"}, want: "-addr"},
		"an admin address without a port": {args: []string{"-admin", "9090"}, want: "-admin"},
		"an upstream without a scheme":    {args: []string{"-upstream", "127.0.0.1:80"}, want: "-upstream"},
		"an upstream of another scheme":   {args: []string{"-upstream", "ftp://example"}, want: "-upstream"},
		"a rate without a unit":           {args: []string{"-rate", "20"}, want: `"20" for flag -rate: limit: rate "20": want a number, a slash and a unit`},
		"a rate of nothing":               {args: []string{"-rate", "0/s"}, want: "-rate"},
		"a rate that is not a number":     {args: []string{"-rate", "NaN/s"}, want: "-rate"},
		"a rate out of bounds":            {args: []string{"-rate", "1e12/s"}, want: "-rate"},
		"a burst of nothing":              {args: []string{"-burst", "0"}, want: "-burst (or GATEWAY_BURST): must be above 0"},
		"a burst that takes ages":         {args: []string{"-rate", "1/d", "-burst", "1000000"}, want: "-burst"},
		"no concurrency":                  {args: []string{"-concurrency", "0"}, want: "-concurrency"},
		"no time for the upstream":        {args: []string{"-timeout", "0s"}, want: "-timeout"},
		"a negative load":                 {args: []string{"-load", "-1"}, want: "-load"},
		"a load beyond gentle":            {args: []string{"-load", "100000"}, want: "-load"},
		"a drain beyond the stop budget":  {args: []string{"-drain", "1m"}, want: "-drain"},
		"a negative wait for a processor": {args: []string{"-max-sched-latency", "-1s"}, want: "-max-sched-latency (or GATEWAY_MAX_SCHED_LATENCY): must not be negative"},
		"a check of no URL":               {args: []string{"-check", "9090"}, want: "-check"},
		"a variable":                      {env: map[string]string{"GATEWAY_BURST": "many"}, want: `"many" for GATEWAY_BURST`},
		"an address of Redis":             {env: map[string]string{"REDIS_ADDRS": "127.0.0.1:6379,redis"}, want: `REDIS_*: Addrs[1] must be host:port, got "redis"`},
		"a cluster behind Sentinels":      {env: map[string]string{"REDIS_ADDRS": "h:1", "REDIS_CLUSTER": "1", "REDIS_MASTER_NAME": "m"}, want: "Cluster must not be set with MasterName"},
		"a switch of Redis":               {env: map[string]string{"REDIS_TLS": "perhaps"}, want: `"perhaps" for REDIS_TLS`},
		"a fallback":                      {env: map[string]string{"REDIS_FALLBACK": "shut"}, want: `"shut" for REDIS_FALLBACK`},
		"a token that is guessed soon":    {env: map[string]string{"GATEWAY_CONSOLE_TOKEN": "sesame"}, want: "GATEWAY_CONSOLE_TOKEN: Token must have at least 16 bytes, got \"[redacted]\""},
		"a variable's rate":               {env: map[string]string{"GATEWAY_RATE": "-1/s"}, want: "GATEWAY_RATE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stderr strings.Builder
			code := run(c.args, func(k string) (string, bool) { v, ok := c.env[k]; return v, ok }, &stderr)
			if code != exitUsage {
				t.Errorf("exit code %d, want %d", code, exitUsage)
			}
			if got := stderr.String(); !strings.Contains(got, c.want) || strings.Count(got, "\n") != 1 {
				t.Errorf("stderr is %q, want one line with %q", got, c.want)
			}
		})
	}
}

// An environment variable of OpenTelemetry's own is checked too.
func TestAWrongOpenTelemetryVariableIsOneClearLine(t *testing.T) {
	t.Setenv("OTEL_TRACES_EXPORTER", "carrier-pigeon")
	var stderr strings.Builder
	code := run([]string{"-addr", "127.0.0.1:0", "-grpc", "127.0.0.1:0", "-admin", "127.0.0.1:0"}, func(string) (string, bool) { return "", false }, &stderr)
	if got := stderr.String(); code != exitUsage || !strings.Contains(got, "OTEL_TRACES_EXPORTER") || strings.Count(got, "\n") != 1 {
		t.Errorf("exit code %d, stderr %q, want %d and one line with the variable", code, got, exitUsage)
	}
}

func TestFlagsWinOverVariables(t *testing.T) {
	t.Parallel()
	env := map[string]string{"GATEWAY_ADDR": "127.0.0.1:1", "GATEWAY_RATE": "5/m"}
	cfg, err := parse([]string{"-addr", "127.0.0.1:2"}, func(k string) (string, bool) { v, ok := env[k]; return v, ok })
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Addr != "127.0.0.1:2" || cfg.Rate.String() != "5/m" || cfg.Burst != 40 || cfg.Load != 5 || cfg.Admin != "127.0.0.1:9090" {
		t.Errorf("parsed %+v", cfg)
	}
}

func TestRedisIsReadFromItsOwnVariables(t *testing.T) {
	t.Parallel()
	env := map[string]string{
		"REDIS_ADDRS": "127.0.0.1:1, 127.0.0.1:2", "REDIS_MASTER_NAME": "limits", "REDIS_USERNAME": "gateway",
		"REDIS_PASSWORD": "secret", "REDIS_TLS": "true", "REDIS_FALLBACK": "closed", "REDIS_INSTANCES": "3",
	}
	cfg, err := parse(nil, func(k string) (string, bool) { v, ok := env[k]; return v, ok })
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%+v %s", cfg.Redis, string(cfg.Redis.Client.Password))
	for _, want := range []string{
		"Addrs:[127.0.0.1:1 127.0.0.1:2]", "MasterName:limits", "Cluster:false", "Username:gateway", "Password:[redacted]",
		"TLS:true", "Prefix:goflow:gateway", "Budget:50ms", "Instances:3", "Fallback:closed", " secret",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("it is %s, without %s", got, want)
		}
	}
}

func TestACheckSaysByItsExitCodeWhetherAURLAnswersWell(t *testing.T) {
	t.Parallel()
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	defer server.Close()
	ask := func(url, want string) int {
		t.Helper()
		var stderr strings.Builder
		code := run([]string{"-check", url}, func(string) (string, bool) { return "", false }, &stderr)
		if got := stderr.String(); !strings.Contains(got, want) || (got == "") != (code == exitOK) {
			t.Errorf("exit code %d, and it says %q, want %q", code, got, want)
		}
		return code
	}
	if code := ask(server.URL, ""); code != exitOK {
		t.Errorf("200 is exit code %d, want %d", code, exitOK)
	}
	status = http.StatusServiceUnavailable
	if code := ask(server.URL, "answered 503 Service Unavailable"); code != exitFailed {
		t.Errorf("503 is exit code %d, want %d", code, exitFailed)
	}
	server.Close()
	if code := ask(server.URL, "connection refused"); code != exitFailed {
		t.Errorf("no answer is exit code %d, want %d", code, exitFailed)
	}
}

func TestARequestKeepsItsIDIfItIsOne(t *testing.T) {
	t.Parallel()
	for id, keeps := range map[string]bool{"order-7": true, "": false, "two words": false, "a\x7f": false, "\u00e9": false, strings.Repeat("x", 129): false} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
		r.Header.Set(requestID, id)
		got := identify(r)
		if (got == id) != keeps || r.Header.Get(requestID) != got || got == "" {
			t.Errorf("%q became %q, and the upstream is told %q", id, got, r.Header.Get(requestID))
		}
	}
}

func TestGatewaysOfOneHostHaveNamesOfTheirOwn(t *testing.T) {
	t.Parallel()
	a, b := config{Addr: "127.0.0.1:8080"}.name(), config{Addr: "127.0.0.1:8081"}.name()
	if a == b || !strings.HasSuffix(a, ":8080") {
		t.Errorf("they are %q and %q", a, b)
	}
	if named := (config{Addr: "127.0.0.1:8080", Name: "edge-1"}).name(); named != "edge-1" {
		t.Errorf("the name is %q, want edge-1", named)
	}
	if free := (config{Addr: "127.0.0.1:0"}).name(); strings.HasSuffix(free, ":0") {
		t.Errorf("the name is %q, which others on a free port have too", free)
	}
}

func TestHelpPrintsEveryFlagAndSucceeds(t *testing.T) {
	t.Parallel()
	var stderr strings.Builder
	if code := run([]string{"-h"}, func(string) (string, bool) { return "", false }, &stderr); code != exitOK {
		t.Errorf("exit code %d, want 0", code)
	}
	for _, f := range []string{"-addr", "-admin", "-upstream", "-rate", "-burst", "-concurrency", "-timeout", "-load", "-drain", "GATEWAY_ADDR", "REDIS_ADDRS host:port,..."} {
		if !strings.Contains(stderr.String(), f) {
			t.Errorf("usage does not tell %s", f)
		}
	}
}
