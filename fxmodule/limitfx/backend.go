package limitfx

import (
	"fmt"
	"reflect"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/fxmodule/internal/engines"
	"github.com/goflow-go/goflow/fxmodule/internal/otelin"
	"github.com/goflow-go/goflow/limit"
)

// Backend makes limiters that several processes share. In an application that has one in its graph, as
// package redisfx provides it, it makes the limiters that this package is asked for; a nil function leaves
// those of its sort to each process. It connects to nothing: whether its server is there is no matter of
// making a limiter. What it makes is closed by this package.
type Backend struct {
	TokenBucket   func(name string, cfg limit.TokenBucketConfig) (Limiter, error)
	LeakyBucket   func(name string, cfg limit.LeakyBucketConfig) (Limiter, error)
	FixedWindow   func(name string, cfg limit.WindowConfig) (Limiter, error)
	SlidingWindow func(name string, cfg limit.WindowConfig) (Limiter, error)
	Keyed         func(name string, cfg limit.KeyedConfig) (KeyedLimiter, error)
}

// Limiter is a limit.Limiter that a [Backend] makes.
type Limiter interface {
	limit.Limiter
	Close()
}

// KeyedLimiter is a limit.KeyedLimiter that a [Backend] makes.
type KeyedLimiter interface {
	limit.KeyedLimiter
	Close()
}

// Embedded keeps limiters to each process, whatever [Backend] the application has: for what is a process's
// own, as the lines it logs, and for what asks for a limiter by its type.
//
//	limitfx.Embedded(limitfx.TokenBucket("log", cfg))
func Embedded(limiters ...fx.Option) fx.Option {
	return fx.Module("goflow.limit.embedded",
		fx.Provide(fx.Private, func() *embedded { return &embedded{} }),
		fx.Options(limiters...),
	)
}

// embedded is in the graph of limiters that no backend makes.
type embedded struct{}

// maker is how a backend makes limiters of one sort. It is nil when it does not.
type maker[C, S any] = func(name string, cfg C) (S, error)

// closer is what has to be closed.
type closer interface{ Close() }

// made is a limiter: a process's own, or shared.
type made[L, S closer] struct {
	name   string
	own    L
	shared S
	isOwn  bool // and not shared
}

type choice struct {
	fx.In

	Lifecycle fx.Lifecycle
	Providers otelin.In
	Engines   engines.In
	Backend   *Backend  `optional:"true"`
	Embedded  *embedded `optional:"true"`
}

// either provides a limiter under the name: as an I, which a backend makes if there is one that does,
// and as what construct makes, for those who want a process's own. The two are the same limiter or the
// second is an error: two limits under one name would be a trap.
func either[I any, C any, L, S closer](
	name string, construct constructor[C, L], share func(*Backend) maker[C, S], cfg C, opts []limit.Option,
) fx.Option {
	tag := fx.ResultTags(fmt.Sprintf(`name:%q`, name))
	return fx.Module("goflow.limit",
		fx.Provide(fx.Private, func(in choice) (*made[L, S], error) {
			if in.Backend != nil && in.Embedded == nil {
				if shared := share(in.Backend); shared != nil {
					return makeShared[L](in, name, shared, cfg, opts)
				}
			}
			own, err := makeOwn(params{Lifecycle: in.Lifecycle, Providers: in.Providers, Engines: in.Engines}, name, construct, cfg, opts)
			return &made[L, S]{name: name, own: own, isOwn: true}, err
		}),
		fx.Provide(
			fx.Annotate((*made[L, S]).asItIs, tag),
			fx.Annotate(asInterface[I, L, S], tag),
		),
	)
}

// makeShared lets a backend make a limiter.
func makeShared[L, S closer, C any](in choice, name string, shared maker[C, S], cfg C, opts []limit.Option) (*made[L, S], error) {
	if len(opts) > 0 {
		return nil, fmt.Errorf("limitfx: %q: %w: it is shared, and options of package limit are for a process's own: "+
			"leave them out, or put it into limitfx.Embedded", name, core.ErrInvalid)
	}
	s, err := shared(name, cfg)
	if err != nil {
		return nil, err
	}
	in.Lifecycle.Append(fx.StopHook(s.Close))
	known(in.Engines, s)
	return &made[L, S]{name: name, shared: s}, nil
}

// asItIs gives a process's own limiter by its type.
func (m *made[L, S]) asItIs() (L, error) {
	if !m.isOwn {
		return m.own, fmt.Errorf("limitfx: %q: %w: it is shared, so there is no %T: "+
			"ask for the interface, or put it into limitfx.Embedded", m.name, core.ErrInvalid, m.own)
	}
	return m.own, nil
}

// asInterface gives a limiter whoever made it.
func asInterface[I any, L, S closer](m *made[L, S]) (i I, err error) {
	var l any = m.shared
	if m.isOwn {
		l = m.own
	}
	i, ok := l.(I)
	if !ok {
		return i, fmt.Errorf("limitfx: %q: %T is no %v", m.name, l, reflect.TypeFor[I]())
	}
	return i, nil
}
