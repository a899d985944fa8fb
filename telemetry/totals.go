package telemetry

import (
	"slices"

	"go.opentelemetry.io/otel/attribute"
)

// totals are the counters of closed instances, summed by metric and attributes.
type totals struct {
	list  []reading
	index map[totalKey]int
}

type totalKey struct {
	metric string
	attrs  attribute.Distinct
}

// maxTotals bounds what churning instance names can pile up; beyond it they add to one point per
// metric, marked as OpenTelemetry's SDK marks its own overflow.
const maxTotals = 1000

func (t *totals) add(p *Point, v int64) {
	if v == 0 {
		return
	}
	key := totalKey{p.metric, p.set.Equivalent()}
	i, known := t.index[key]
	if !known && len(t.list) >= maxTotals {
		over := newPoint(p.metric, attribute.NewSet(attribute.Bool("otel.metric.overflow", true)), true)
		p = &over
		key.attrs = over.set.Equivalent()
		i, known = t.index[key]
	}
	if !known {
		if t.index == nil {
			t.index = make(map[totalKey]int)
		}
		i = len(t.list)
		t.index[key] = i
		kept := *p // p is a part of the instance, which is to be freed
		t.list = append(t.list, reading{point: &kept})
	}
	t.list[i].value += v
}

func (t *totals) snapshot() []reading { return slices.Clone(t.list) }
