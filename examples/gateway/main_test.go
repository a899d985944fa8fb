package main

import (
	"fmt"
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
