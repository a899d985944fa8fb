package flowadmin

import "github.com/goflow-go/goflow/core/lease"

// Elector makes an [Engine], of kind "lease", of an elector: whether it leads. It has no actions: one that
// stepped down would campaign again at once, and lead again as likely as not.
func Elector(e *lease.Elector) Engine {
	return described("lease", e, func() []Field {
		s := e.Stats()
		return []Field{field("leads", s.Leads), field("terms", s.Terms)}
	})
}
