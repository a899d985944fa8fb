package flowadmin_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestKnownHostsAreServed(t *testing.T) {
	t.Parallel()
	admin, _ := everything(t)
	for _, host := range []string{
		"localhost", "localhost:9090", "LocalHost:9090", "127.0.0.1", "127.0.0.1:80", "127.8.9.10:1", "[::1]", "[::1]:9090",
		"[0:0:0:0:0:0:0:1]:9090", "[::ffff:127.0.0.1]:80",
		"admin.example", "ADMIN.example:443", "10.0.0.7", "10.0.0.7:80", "[fd00::7]", "[FD00:0::7]:80", "[::ffff:10.0.0.7]",
	} {
		for _, path := range []string{"/", "/debug/pprof/", "/debug/pprof/heap"} {
			if w := ask(admin, http.MethodGet, host, path); w.Code != http.StatusOK {
				t.Errorf("%s at %q: %d", path, host, w.Code)
			}
		}
	}
}

func TestUnknownHostsAreRefusedByAllButProbesAndMetrics(t *testing.T) {
	t.Parallel()
	admin, _ := everything(t)
	for _, host := range []string{
		"", " ", ":", ":80", "evil.test", "evil.test:9090", "localhost.evil.test", "127.0.0.1.evil.test", "127.0.0.1.nip.io",
		"localhost.", "localhost:", "localhost:x", "localhost:80:80", "localhost:-1", "localhost:99999", "xlocalhost", "localhost@evil.test",
		"evil.test@localhost", "localhost/", "localhost,evil.test", "localhost evil.test", "127.1", "2130706433", "0x7f.0.0.1",
		"0177.0.0.1", "127.0.0.1.", "0.0.0.0", "0.0.0.0:80", "[::]", "[::]:80", "::1", "[::1", "::1]", "[::1]80", "[::1]x", "[::1%25lo]", "[::1%lo]:80",
		"[localhost]", "[127.0.0.1]", "[]", "10.0.0.8", "10.0.0.70", "[fd00::8]", "192.168.0.1", "example", "x.admin.example", "admin.example.", "ⅼocalhost",
	} {
		for path, want := range map[string]int{
			"/": 421, "/nowhere": 421, "/debug/pprof/": 421, "/debug/pprof/heap": 421, "/debug/pprof/profile": 421, "/debug/pprof/trace": 421,
			"/livez": 200, "/metrics": 200,
		} {
			w := ask(admin, http.MethodGet, host, path)
			if w.Code != want {
				t.Errorf("%s at %q: %d, want %d", path, host, w.Code, want)
			}
			if want == 421 && host != "" && strings.Contains(w.Body.String(), "evil") {
				t.Errorf("%s at %q says the host back: %s", path, host, w.Body)
			}
		}
	}
}
