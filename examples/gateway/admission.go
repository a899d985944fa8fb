package main

import (
	"cmp"
	"time"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowgrpc"
	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/fxmodule/grpcfx"
	"github.com/goflow-go/goflow/fxmodule/httpfx"
	"github.com/goflow-go/goflow/fxmodule/limitfx"
	"github.com/goflow-go/goflow/limit"
)

// admission refuses a part of what is asked, with 503 and Retry-After, while the process has no room for it: when
// goroutines wait long for a processor, when what is live takes more than nine tenths of GOMEMLIMIT, or when there
// are very many goroutines.
func admission(cfg config) fx.Option {
	return fx.Options(
		limitfx.Overload("gateway", limit.OverloadConfig{
			MaxSchedLatency: cmp.Or(cfg.SchedLatency, -time.Second), // 0 is not looked at
			MaxGoroutines:   50_000,
		}),
		httpfx.AsOption("gateway", func(p overloadParams) flowhttp.MiddlewareOption { return flowhttp.WithPolicies(p.Overload) }),
		grpcfx.AsGuardOption(grpcGateway, func(p overloadParams) flowgrpc.GuardOption { return flowgrpc.WithPolicies(p.Overload) }),
	)
}

type overloadParams struct {
	fx.In

	Overload *limit.Overload `name:"gateway"`
}
