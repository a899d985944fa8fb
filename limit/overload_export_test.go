package limit

import "github.com/goflow-go/goflow/internal/saturation"

// NewOverloadOf makes an overload limit of a runtime that is given.
func NewOverloadOf(name string, cfg OverloadConfig, sample func() saturation.Sample, opts ...Option) (*Overload, error) {
	return newOverload(name, cfg, sample, opts)
}

// OverloadControl is the control of an Overload.
type OverloadControl = overloadControl

// NewOverloadControl makes a control.
func NewOverloadControl(cfg OverloadConfig) *OverloadControl {
	return &OverloadControl{cfg: cfg.withDefaults()}
}

// Step is a look that comes in time.
func (c *overloadControl) Step(s saturation.Sample) { c.step(s, c.cfg.Interval) }

// Pressure is the smoothed pressure.
func (c *overloadControl) Pressure() float64 { return c.pressure }

// Refusal is refusal.
func (c *overloadControl) Refusal(i Importance) float64 { return c.refusal(i) }
