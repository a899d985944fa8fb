package flowredis

import (
	"errors"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
)

// settings is what the configs of all limiters come down to.
type settings struct {
	algorithm           *algorithm
	rate                limit.Rate
	burst               int
	fallback            Fallback
	maxWaiters          int
	maxKeys             int
	cacheDenials, batch bool
	lease               int
	own                 func() error // checks the fields that rate and burst were made of; nil when they are fields
}

// Validate reports everything that is wrong with s.
func (s settings) Validate() error {
	var faults core.Faults
	faults.Require(s.fallback <= FailOpen, "Fallback", s.fallback, "must be FallbackLocal, FailClosed or FailOpen")
	faults.Require(s.maxKeys >= 0, "MaxKeys", s.maxKeys, "must not be negative")
	faults.Require(s.maxWaiters >= 0, "MaxWaiters", s.maxWaiters, "must not be negative")
	faults.Require(s.lease >= 0, "Lease", s.lease, "must not be negative")
	faults.Require(s.lease <= 0 || s.lease <= s.burst/2, "Lease", s.lease, "must be at most half the burst")
	return errors.Join(s.quotaFault(), faults.Err())
}

// quotaFault says what is wrong with rate and burst.
func (s settings) quotaFault() error {
	if s.own != nil {
		return s.own()
	}
	err := limit.TokenBucketConfig{Rate: s.rate, Burst: s.burst}.Validate()
	if err == nil && s.algorithm.valid != nil {
		err = s.algorithm.valid(s.rate, s.burst)
	}
	return err
}

func (s settings) withDefaults() settings {
	orDefault(&s.burst, 1)
	orDefault(&s.maxWaiters, 10_000)
	orDefault(&s.maxKeys, 100_000)
	return s
}
