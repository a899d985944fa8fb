package checks

import (
	"time"

	"github.com/goflow-go/goflow/internal/saturation"
)

// Learner is a baseline.
type Learner struct{ b *baseline }

// NewLearner makes a baseline that knows nothing.
func NewLearner(cfg BaselineConfig) Learner { return Learner{&baseline{cfg: cfg.withDefaults()}} }

// Judge is baseline.judge.
func (l Learner) Judge(now time.Time, v float64) error { return l.b.judge(now, v) }

// Known gives the mean and the deviation.
func (l Learner) Known() (mean, deviation float64) { return l.b.mean, l.b.deviation }

// JudgeDisk is DiskConfig.judge.
func JudgeDisk(c DiskConfig, bytes, freeBytes, inodes, freeInodes uint64) error {
	return c.judge(space{bytes, freeBytes, inodes, freeInodes})
}

// JudgeRuntime is RuntimeConfig.judge, with defaults.
func JudgeRuntime(c RuntimeConfig, s saturation.Sample) error { return c.withDefaults().judge(s) }
