// Tenants is a limit for each tenant by its plan, under a limit of the whole service from which those
// who are over their own may borrow, with the cost of a request charged when it is known.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/goflow-go/goflow/limit"
)

// The plans, as classes of keys.
const (
	free = iota // the limiter's own quota
	paid
)

var plans = map[string]int{"acme": paid}

// limits are what a service with tenants holds on to.
type limits struct {
	tenants *limit.Keyed       // each tenant's own
	service *limit.TokenBucket // of all together
	request *limit.AnyKeyed    // what a request asks
}

func newLimits() (*limits, error) {
	tenants, err1 := limit.NewKeyed("tenants", limit.KeyedConfig{Rate: limit.PerMinute(2), Burst: 2},
		limit.WithClasses(func(tenant string) int { return plans[tenant] }, limit.Quota{Rate: limit.PerMinute(10), Burst: 5}))
	service, err2 := limit.NewTokenBucket("service", limit.TokenBucketConfig{Rate: limit.PerMinute(20), Burst: 20})
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	// A tenant has what its own limit and the service's both give, ...
	own, err1 := limit.NewAllKeyed("own", []limit.KeyedLimiter{tenants, limit.Shared(service)})
	// ... or what the service has beyond the half that is left to tenants within their limits.
	spare, err2 := service.Priority(0.5)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	request, err := limit.NewAnyKeyed("request", []limit.KeyedLimiter{own, limit.Shared(spare)})
	return &limits{tenants, service, request}, err
}

func main() {
	l, err := newLimits()
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	// Free has 2 of its own, and borrows until half of the service's 20 are gone.
	fmt.Println("free:", allowed(ctx, l, "mom-and-pop", 20), "of 20 requests")
	// Acme pays, so its 5 are there all the same.
	fmt.Println("paid:", allowed(ctx, l, "acme", 20), "of 20 requests")
	// A report turned out to cost 3 more than the 1 it was let in with.
	d, err := l.tenants.Charge(ctx, "acme", 3)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("paid, after the charge: comes back in more than 20 s:", d.RetryAfter.Seconds() > 20)
}

// allowed makes n requests of a tenant and says how many were allowed.
func allowed(ctx context.Context, l *limits, tenant string, n int) (ok int) {
	for range n {
		d, err := l.request.Take(ctx, tenant, 1)
		if err != nil {
			log.Fatal(err)
		}
		if d.Allowed {
			ok++
		}
	}
	return ok
}
