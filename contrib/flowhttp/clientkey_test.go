package flowhttp_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/contrib/flowhttp"
)

var trusted = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}

func from(peer string, forwarded ...string) *http.Request {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/", http.NoBody)
	r.RemoteAddr = peer
	if forwarded != nil {
		r.Header["X-Forwarded-For"] = forwarded
	}
	return r
}

func TestClientKey(t *testing.T) {
	t.Parallel()
	const proxy = "10.0.0.1:80"
	for _, c := range []struct {
		name      string
		peer      string
		forwarded []string
		want      string
	}{
		{"a peer is its host", "192.0.2.1:1234", nil, "192.0.2.1"},
		{"an IPv6 peer is its /64", "[2001:db8:1:2:3:4:5:6]:1234", nil, "2001:db8:1:2::/64"},
		{"IPv4 in IPv6 is IPv4", "[::ffff:192.0.2.1]:1234", nil, "192.0.2.1"},
		{"a zone is dropped", "[fe80::1%eth0]:1234", nil, "fe80::/64"},
		{"a peer without a port", "192.0.2.1", nil, "192.0.2.1"},
		{"a peer without an address is its text", "@", []string{"1.2.3.4"}, "@"},
		{"no peer is one key", "", []string{"1.2.3.4"}, ""},
		{"an untrusted peer is not believed", "192.0.2.1:1", []string{"1.2.3.4"}, "192.0.2.1"},
		{"a trusted peer is believed", proxy, []string{"192.0.2.7"}, "192.0.2.7"},
		{"a trusted peer written as IPv6", "[::ffff:10.0.0.1]:80", []string{"192.0.2.7"}, "192.0.2.7"},
		{"a trusted IPv6 peer with a zone", "[fd00::1%eth0]:80", []string{"192.0.2.7"}, "192.0.2.7"},
		{"a trusted peer without the header", proxy, nil, "10.0.0.1"},
		{"the walk stops at the first stranger", proxy, []string{"1.1.1.1, 192.0.2.7, 10.0.0.2"}, "192.0.2.7"},
		{"private addresses on the left are not reached", proxy, []string{"10.9.9.9, 192.0.2.7"}, "192.0.2.7"},
		{"all lines count, the last first", proxy, []string{"1.1.1.1", "192.0.2.7,10.0.0.2", "10.0.0.3"}, "192.0.2.7"},
		{"all trusted: the left end", proxy, []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"an empty header", proxy, []string{""}, "10.0.0.1"},
		{"an empty entry ends the walk", proxy, []string{"1.1.1.1,,10.0.0.2"}, "10.0.0.2"},
		{"unknown ends the walk", proxy, []string{"1.1.1.1, unknown, 10.0.0.2"}, "10.0.0.2"},
		{"an obfuscated entry ends the walk", proxy, []string{"1.1.1.1, _hidden, 10.0.0.2"}, "10.0.0.2"},
		{"an unclosed bracket ends the walk", proxy, []string{"[2001:db8::1, 10.0.0.2"}, "10.0.0.2"},
		{"a host name ends the walk", proxy, []string{"evil.example"}, "10.0.0.1"},
		{"a leading zero is no address", proxy, []string{"192.0.2.07"}, "10.0.0.1"},
		{"a long entry ends the walk", proxy, []string{strings.Repeat("1", 64<<10)}, "10.0.0.1"},
		{"an entry with a long zone ends the walk", proxy, []string{"fe80::1%" + strings.Repeat("z", 200)}, "10.0.0.1"},
		{"an entry with a port", proxy, []string{"192.0.2.7:4711"}, "192.0.2.7"},
		{"IPv6 in brackets with a port", proxy, []string{"[2001:db8::1]:80"}, "2001:db8::/64"},
		{"IPv6 in brackets", proxy, []string{"[2001:db8::1]"}, "2001:db8::/64"},
		{"bare IPv6", proxy, []string{"2001:db8::1"}, "2001:db8::/64"},
		{"an entry of IPv4 in IPv6", proxy, []string{"::ffff:192.0.2.7"}, "192.0.2.7"},
		{"tabs and blanks", proxy, []string{" \t192.0.2.7\t "}, "192.0.2.7"},
		{"1,000 entries after a stranger", proxy, []string{strings.Repeat("9.9.9.9,", 999) + "192.0.2.7"}, "192.0.2.7"},
		{"1,000 trusted entries are not all followed", proxy, []string{"192.0.2.7" + strings.Repeat(",10.0.0.9", 999)}, "10.0.0.9"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := flowhttp.ClientKey(trusted...)(from(c.peer, c.forwarded...)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestClientKeyReadsNoOtherHeader(t *testing.T) {
	t.Parallel()
	r := from("10.0.0.1:80")
	for _, name := range []string{"Forwarded", "X-Real-IP", "True-Client-IP", "CF-Connecting-IP", "Via"} {
		r.Header.Set(name, "for=192.0.2.7")
	}
	if got := flowhttp.ClientKey(trusted...)(r); got != "10.0.0.1" {
		t.Errorf("got %q, want the peer", got)
	}
}

var entries = rapid.OneOf(
	rapid.SampledFrom([]string{
		"", "unknown", "_x", "10.0.0.2", "10.1.2.3:80", "192.0.2.7", "[fd00::1]", "[fd00::1]:80", "2001:db8::1", "::ffff:10.0.0.9",
		"fe80::1%en0", "::ffff:192.0.2.9", "999.1.1.1", "[", "]", "[]:1", ":", "::", " 10.0.0.2 ", "\"10.0.0.2\"",
	}),
	rapid.StringMatching(`[0-9a-f:.\[\]%, _-]{0,24}`),
	rapid.String(),
)

func lines(t *rapid.T) []string {
	return rapid.SliceOf(rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOf(entries).Draw(t, "entries"), ",")
	})).Draw(t, "lines")
}

func TestNoHeaderOfAnUntrustedPeerChangesItsKey(t *testing.T) {
	t.Parallel()
	peers := []string{"192.0.2.1:1", "[2001:db8::1]:2", "[::ffff:192.0.2.1]:3", "@", "", "11.0.0.1:4", "[fc00::1]:5"}
	key := flowhttp.ClientKey(trusted...)
	rapid.Check(t, func(t *rapid.T) {
		peer := rapid.SampledFrom(peers).Draw(t, "peer")
		r := from(peer, lines(t)...)
		for _, name := range []string{"Forwarded", "X-Real-Ip", "True-Client-Ip", "X-Client-Ip", "Host"} {
			r.Header[name] = lines(t)
		}
		if got, want := key(r), key(from(peer)); got != want {
			t.Fatalf("headers changed the key from %q to %q", want, got)
		}
	})
}

func TestClientKeyIsTheSlowWalks(t *testing.T) {
	t.Parallel()
	key := flowhttp.ClientKey(trusted...)
	rapid.Check(t, func(t *rapid.T) {
		r := from("10.0.0.1:80", lines(t)...)
		if got, want := key(r), slowKey(r); got != want {
			t.Fatalf("%q: got %q, want %q", r.Header["X-Forwarded-For"], got, want)
		}
	})
}

// slowKey is the walk as one would explain it, for a trusted peer 10.0.0.1.
func slowKey(r *http.Request) string {
	client := netip.MustParseAddr("10.0.0.1")
	all := strings.Split(strings.Join(r.Header["X-Forwarded-For"], ","), ",")
	slices.Reverse(all)
	for i, entry := range all {
		entry = strings.Trim(entry, " \t")
		addr, err := netip.ParseAddr(entry)
		if err != nil {
			host, port := entry, "0"
			if end := strings.LastIndex(entry, ":"); !strings.HasSuffix(entry, "]") && end >= 0 {
				host, port = entry[:end], entry[end+1:]
			}
			withPort, err := netip.ParseAddrPort(host + ":" + port)
			if err != nil || !strings.ContainsAny(entry, "]:") {
				break
			}
			addr = withPort.Addr()
		}
		if i >= 64 || len(entry) > 128 {
			break
		}
		client = addr.Unmap().WithZone("")
		if !trusted[0].Contains(client) && !trusted[1].Contains(client) {
			break
		}
	}
	if client.Is4() {
		return client.String()
	}
	b := client.As16()
	clear(b[8:])
	return fmt.Sprintf("%v/64", netip.AddrFrom16(b))
}

func FuzzClientKey(f *testing.F) {
	for _, seed := range []string{"", "1.2.3.4", "1.1.1.1, 10.0.0.2", "[::1]:80,fd00::1", "10.0.0.2\n192.0.2.7", "::ffff:1.2.3.4", "unknown,_x", "1.2.3.4:"} {
		f.Add(seed)
	}
	key := flowhttp.ClientKey(trusted...)
	f.Fuzz(func(t *testing.T, header string) {
		r := from("10.0.0.1:80", strings.Split(header, "\n")...)
		if got, want := key(r), slowKey(r); got != want {
			t.Fatalf("%q: got %q, want %q", header, got, want)
		}
		r.RemoteAddr = "192.0.2.1:80"
		if got := key(r); got != "192.0.2.1" {
			t.Fatalf("%q of an untrusted peer made the key %q", header, got)
		}
	})
}
