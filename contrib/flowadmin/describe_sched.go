package flowadmin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goflow-go/goflow/sched"
)

const (
	nextTimes = 3  // how many times ahead a job shows
	lastRuns  = 5  // how many runs a job shows
	someJobs  = 50 // how many jobs a scheduler shows
)

// Job makes an [Engine], of kind "job", of a job: when it is due and its last runs, and the actions pause,
// resume and run_now. Pausing holds until the process ends.
func Job(j *sched.Job) Engine {
	act := func(name, text string, do func(context.Context) error) Action {
		return Action{Name: name, Text: text, Do: func(ctx context.Context, _ map[string]string) (string, error) {
			before := jobState(j)
			if err := do(ctx); err != nil {
				return "", err
			}
			return changed(fmt.Sprintf("job %q:", j.Name()), before, jobState(j)), nil
		}}
	}
	return described("job", j, func() []Field { return jobFields(j) },
		act("pause", "Run it no more until it is resumed", func(context.Context) error { j.Pause(); return nil }),
		act("resume", "Run it again when it is due", func(context.Context) error { j.Resume(); return nil }),
		act("run_now", "Run it at once", j.RunNow),
	)
}

// jobState says whether a job is paused and how much of it runs.
func jobState(j *sched.Job) string {
	s, state := j.Stats(), "scheduled"
	if j.Paused() {
		state = "paused"
	}
	return fmt.Sprintf("%s, %d running, %d waiting", state, s.Active, s.Waiting)
}

func jobFields(j *sched.Job) []Field {
	s, next := j.Stats(), "never"
	if times := j.Next(nextTimes); len(times) > 0 {
		next = stamps(times)
	}
	fields := []Field{
		{"state", jobState(j)},
		{"next", next},
		{"runs", fmt.Sprintf("%d succeeded, %d failed, %d skipped, %d missed, %d cancelled",
			s.Success, s.Failure, s.Skipped, s.Missed, s.Cancelled)},
	}
	runs := j.History()
	for _, r := range slices.Backward(runs[max(0, len(runs)-lastRuns):]) {
		fields = append(fields, Field{"run of " + stamp(r.Scheduled), runText(r)})
	}
	return fields
}

// runText says what became of a run.
func runText(r sched.Run) string {
	text := fmt.Sprintf("%v in %v", r.Outcome, r.Duration)
	if r.Err != nil {
		text += ": " + clip(r.Err.Error())
	}
	return text
}

func stamp(t time.Time) string { return t.Format(time.RFC3339) }

func stamps(times []time.Time) string {
	texts := make([]string, 0, len(times))
	for _, t := range times {
		texts = append(texts, stamp(t))
	}
	return strings.Join(texts, ", ")
}

// Scheduler makes an [Engine], of kind "scheduler", of a scheduler: its jobs, also those that are no
// engines of their own. Of those it shows 50.
func Scheduler(s *sched.Scheduler) Engine {
	return described("scheduler", s, func() []Field {
		st, jobs := s.Stats(), s.Jobs()
		fields := []Field{field("jobs that wait", st.Pending), field("tasks that wait", st.Timers)}
		for _, j := range jobs[:min(len(jobs), someJobs)] {
			fields = append(fields, Field{"job", j.String()})
		}
		return fields
	})
}

// Pool makes an [Engine], of kind "pool", of a worker pool: its workers and its queue, and the action resize.
func Pool(p *sched.Pool) Engine {
	least := func() string { return strconv.Itoa(p.Stats().Least) }
	most := func() string { return strconv.Itoa(p.Stats().Limit) }
	resize := Action{
		Name: "resize", Text: "Change how many workers there are",
		Params: []Param{
			{Name: "min", Text: "workers to keep", Current: least},
			{Name: "max", Text: "workers there may be", Current: most},
		},
		Do: func(_ context.Context, args map[string]string) (string, error) {
			before := bounds(p.Stats())
			if err := resize(p, args); err != nil {
				return "", err
			}
			return changed("workers", before, bounds(p.Stats())), nil
		},
	}
	return described("pool", p, func() []Field {
		s := p.Stats()
		return []Field{
			{"workers", fmt.Sprintf("%d (%d idle), %s there may be", s.Workers, s.Idle, bounds(s))},
			field("running", s.Running),
			{"queue", fmt.Sprintf("%d of %d", s.Queued, s.Capacity)},
		}
	}, resize)
}

func bounds(s sched.PoolStats) string { return fmt.Sprintf("%d to %d", s.Least, s.Limit) }

func resize(p *sched.Pool, args map[string]string) error {
	least, errLeast := whole(args["min"])
	if errLeast != nil {
		errLeast = unreadable("min", args["min"], errLeast)
	}
	most, errMost := whole(args["max"])
	if errMost != nil {
		errMost = unreadable("max", args["max"], errMost)
	}
	if err := errors.Join(errLeast, errMost); err != nil {
		return err
	}
	return p.Resize(least, most)
}
