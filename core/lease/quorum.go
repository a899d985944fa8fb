package lease

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/goflow-go/goflow/core"
)

// Quorum is a [Store] that keeps each lease in several independent stores and holds a key while more
// than half of them say so: it goes on when fewer than half are away, as the algorithm known as Redlock does.
//
// It is for efficiency, not for safety. The fencing token is the highest that a store gave, so it
// rises while the same stores answer; when one was away meanwhile, or lost its memory, a later token may be
// lower. Where a late write must be refused, use one store, whose token a resource can check.
//
// The stores are asked one after the other, always in the same order, so that those who ask at the same time do
// not take half of them each; the first that says no is the answer. A request takes as long as they do
// together, and each gets an equal part of the time that is left. It is safe for concurrent use.
type Quorum struct{ stores []Store }

var _ Store = (*Quorum)(nil)

// NewQuorum makes a Quorum of at least three stores. With an even number, one more must answer and no more
// may be away than with one store less.
func NewQuorum(stores ...Store) (*Quorum, error) {
	var faults core.Faults
	faults.Require(len(stores) >= 3, "stores", len(stores), "must be at least 3")
	for i, s := range stores {
		faults.Require(s != nil, fmt.Sprintf("stores[%d]", i), "nil", "must not be nil")
	}
	if err := core.Configure("lease", "quorum", faults.Err()); err != nil {
		return nil, err
	}
	return &Quorum{stores: append([]Store(nil), stores...)}, nil
}

// most is how many stores are more than half.
func (q *Quorum) most() int { return len(q.stores)/2 + 1 }

// Acquire is granted when more than half of the stores grant it. What some had granted is given back when
// it is not.
func (q *Quorum) Acquire(ctx context.Context, key, owner string, ttl time.Duration) (Grant, error) {
	granted, token := 0, uint64(0)
	var denial *Grant
	_, err := q.each(ctx, func(ctx context.Context, s Store) (bool, error) {
		g, err := s.Acquire(ctx, key, owner, ttl)
		switch {
		case err != nil:
		case g.State == Granted:
			granted++
			token = max(token, g.Token)
		default:
			denial = &g
		}
		return denial == nil, err
	})
	if denial == nil && granted >= q.most() {
		return Grant{State: Granted, Token: token}, nil
	}
	if granted > 0 {
		_, _ = q.Release(ctx, key, owner, 0)
	}
	if denial != nil {
		return *denial, nil
	}
	return Grant{}, err
}

// Extend reports true when more than half of the stores extended the lease.
func (q *Quorum) Extend(ctx context.Context, key, owner string, ttl time.Duration) (bool, error) {
	return q.vote(ctx, func(ctx context.Context, s Store) (bool, error) { return s.Extend(ctx, key, owner, ttl) })
}

// Release reports true when more than half of the stores released the lease.
func (q *Quorum) Release(ctx context.Context, key, owner string, keep time.Duration) (bool, error) {
	return q.vote(ctx, func(ctx context.Context, s Store) (bool, error) { return s.Release(ctx, key, owner, keep) })
}

// vote counts how many stores did what they were asked to do. It is an error when those that failed might have
// made it more than half.
func (q *Quorum) vote(ctx context.Context, ask func(ctx context.Context, s Store) (bool, error)) (bool, error) {
	yes := 0
	answers, err := q.each(ctx, func(ctx context.Context, s Store) (bool, error) {
		did, err := ask(ctx, s)
		if did {
			yes++
		}
		return true, err
	})
	switch {
	case yes >= q.most():
		return true, nil
	case yes+len(q.stores)-answers >= q.most():
		return false, err
	}
	return false, nil
}

// each asks the stores one by one while more is true, each in an equal part of the time that is left, and
// tells how many answered and the errors of the others.
func (q *Quorum) each(ctx context.Context, ask func(ctx context.Context, s Store) (more bool, err error)) (answers int, err error) {
	for i, s := range q.stores {
		more, failure := q.one(ctx, len(q.stores)-i, s, ask)
		if failure == nil {
			answers++
		}
		err = errors.Join(err, failure)
		if !more {
			break
		}
	}
	return answers, err
}

// one asks a store, of left that are still to be asked.
func (q *Quorum) one(ctx context.Context, left int, s Store, ask func(context.Context, Store) (bool, error)) (more bool, err error) {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)/time.Duration(left))
		defer cancel()
	}
	return ask(ctx, s)
}
