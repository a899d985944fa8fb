package flowadmin

import (
	"net/http"
	"net/netip"
	"strconv"
	"strings"
)

// guard serves h only when the request is for a loopback address or a known name. A page on
// evil.test whose name was made to resolve to 127.0.0.1 sends Host: evil.test, and gets 421.
func (a *Admin) guard(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !a.knows(r.Host) {
			http.Error(w, "this host is not served here; see Hosts in flowadmin.Config", http.StatusMisdirectedRequest)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// knows says whether a Host header, with or without a port, is one to serve.
func (a *Admin) knows(header string) bool {
	host, ok := parseHost(header)
	if !ok {
		if host, ok = parseHost(cutPort(header)); !ok {
			return false
		}
	}
	if addr, err := netip.ParseAddr(host); err == nil && addr.IsLoopback() {
		return true
	}
	return a.hosts[host]
}

// cutPort gives what stands before the port, or "" when there is none or it is no number.
func cutPort(header string) string {
	i := strings.LastIndexByte(header, ':')
	if i < 0 {
		return ""
	}
	if _, err := strconv.ParseUint(header[i+1:], 10, 16); err != nil {
		return ""
	}
	return header[:i]
}

// parseHost gives the one spelling of a host without a port: a name in lower case, an IPv4
// address, or an IPv6 address without its brackets.
func parseHost(s string) (host string, ok bool) {
	if inner, found := strings.CutPrefix(s, "["); found {
		inner, found = strings.CutSuffix(inner, "]")
		addr, err := netip.ParseAddr(inner)
		return addr.Unmap().String(), found && err == nil && addr.Is6() && addr.Zone() == ""
	}
	if addr, err := netip.ParseAddr(s); err == nil && addr.Is4() {
		return addr.String(), true
	}
	for _, c := range []byte(s) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '.', c == '_':
		default:
			return "", false
		}
	}
	return strings.ToLower(s), s != ""
}
