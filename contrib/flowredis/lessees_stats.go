package flowredis

import (
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// Leased counts permits that were leased from Redis.
type Leased struct {
	Granted  int64 // taken from Redis
	Returned int64 // given back unused
	Expired  int64 // neither used nor given back in time
}

func (h *lessees) stats() Leased {
	return Leased{h.granted.Load(), h.returned.Load(), h.expired.Load()}
}

// leasePoints are the metrics of leases.
type leasePoints struct{ granted, returned, expired telemetry.Point }

func newLeasePoints(name, algorithm string) leasePoints {
	point := func(result string) telemetry.Point {
		return telemetry.NewPoint(flowconv.CoordinationLeases,
			limiterAttributes(name, algorithm, flowconv.CoordinationLeaseResultKey.String(result))...)
	}
	return leasePoints{
		point(flowconv.CoordinationLeaseResultGranted),
		point(flowconv.CoordinationLeaseResultReturned),
		point(flowconv.CoordinationLeaseResultExpired),
	}
}

func (h *lessees) observe(o *telemetry.Observer) {
	st := h.stats()
	o.Observe(&h.metrics.granted, st.Granted)
	o.Observe(&h.metrics.returned, st.Returned)
	o.Observe(&h.metrics.expired, st.Expired)
}
