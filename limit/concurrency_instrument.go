package limit

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/log"

	"github.com/goflow-go/goflow/telemetry/flowconv"
)

const spanAcquire = "acquire "

// limitChanged tells that an operator tuned the limiter.
func (i *instrument) limitChanged(ctx context.Context, limit int) {
	i.scope.Event(ctx, log.SeverityInfo, flowconv.EventLimiterLimitChange,
		fmt.Sprintf("limiter %q now lets %d permits be held", i.name, limit),
		flowconv.LimiterNameKey.String(i.name),
		flowconv.LimiterLimitKey.Int(limit))
}

// releasedTooMuch tells that the caller of Release made a mistake.
func (i *instrument) releasedTooMuch(n, held int) {
	i.scope.Event(context.Background(), log.SeverityError, flowconv.EventLimiterOverRelease,
		fmt.Sprintf("limiter %q: %d permits were released, %d were held", i.name, n, held),
		flowconv.LimiterNameKey.String(i.name),
		flowconv.LimiterPermitsKey.Int(n),
		flowconv.LimiterHeldKey.Int(held))
}
