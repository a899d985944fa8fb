package sched_test

import (
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/sched/cron"
)

func parseGoflow(e expression) error {
	_, err := cron.Parse(e.fields, newYork)
	return err
}

func compileGoflow(e expression, loc *time.Location) (func(time.Time) (time.Time, error), error) {
	s, err := cron.Parse(e.fields, loc)
	return func(t time.Time) (time.Time, error) {
		next, ok := s.Next(t)
		if !ok {
			return next, core.ErrInvalid
		}
		return next, nil
	}, err
}
