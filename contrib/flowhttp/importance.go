package flowhttp

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/goflow-go/goflow/internal/clientaddr"
	"github.com/goflow-go/goflow/limit"
)

// HeaderImportance gives a function for [WithImportance] that goes by the urgency of the Priority header
// (RFC 9218) of peers in the trusted networks: u=0 and u=1 are critical; u=2 to u=5, and none, are
// normal; u=6 and u=7 (what RFC 9218 calls background) are sheddable. Requests of other peers are normal,
// whatever they say.
//
// Browsers send the header on their own account, and most proxies pass it on. So trust a peer that sets
// the header itself, or drops what came from outside.
func HeaderImportance(trusted ...netip.Prefix) func(*http.Request) limit.Importance {
	peers := clientaddr.Proxies(slices.Clone(trusted))
	return func(r *http.Request) limit.Importance {
		lines := r.Header["Priority"]
		if len(lines) == 0 {
			return limit.Normal
		}
		if addr, ok := clientaddr.Parse(r.RemoteAddr); !ok || !peers.Trust(addr) {
			return limit.Normal
		}
		switch urgency(lines) {
		case '0', '1':
			return limit.Critical
		case '6', '7':
			return limit.Sheddable
		}
		return limit.Normal
	}
}

// urgency gives the digit of the last u in a Dictionary of RFC 9651, whose keys may have parameters; 0
// without one.
func urgency(lines []string) (u byte) {
	for _, line := range lines {
		for member := range strings.SplitSeq(line, ",") {
			value, found := strings.CutPrefix(strings.Trim(member, " \t"), "u=")
			value, _, _ = strings.Cut(value, ";")
			if value = strings.TrimRight(value, " "); found && len(value) == 1 && '0' <= value[0] && value[0] <= '7' {
				u = value[0]
			}
		}
	}
	return u
}
