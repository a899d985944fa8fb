package console

import (
	"strings"

	"go.opentelemetry.io/otel/attribute"
)

// engineKey is whose line it is.
type engineKey struct{ kind, name string }

// engineOf says whose a point is, and what other attributes it has. A point of goflow's is that of the
// engine its attribute goflow.KIND.name names; where it names several, of the one the metric is named
// after. Others are grouped by what they are about.
func engineOf(scope, metric string, set *attribute.Set) (engineKey, map[string]string) {
	attrs := make(map[string]string, set.Len())
	var engine engineKey
	var naming string
	for _, kv := range set.ToSlice() {
		key := string(kv.Key)
		attrs[key] = kv.Value.String()
		kind, ok := kindOf(key)
		if ok && (engine.kind == "" || strings.HasPrefix(metric, "goflow."+kind+".")) {
			engine, naming = engineKey{kind, kv.Value.String()}, key
		}
	}
	if engine.kind == "" {
		return groupOf(scope, metric), attrs
	}
	delete(attrs, naming)
	return engine, attrs
}

// kindOf is KIND of goflow.KIND.name.
func kindOf(key string) (kind string, ok bool) {
	kind, ok = strings.CutPrefix(key, "goflow.")
	if !ok {
		return "", false
	}
	kind, ok = strings.CutSuffix(kind, ".name")
	return kind, ok && kind != "" && !strings.Contains(kind, ".")
}

// groupOf is where metrics go that are no engine's.
func groupOf(scope, metric string) engineKey {
	family, rest, _ := strings.Cut(metric, ".")
	side, _, _ := strings.Cut(rest, ".")
	switch family {
	case "http", "rpc":
		return engineKey{family, side}
	case "go", "process":
		return engineKey{"runtime", family}
	}
	return engineKey{"other", scope}
}
