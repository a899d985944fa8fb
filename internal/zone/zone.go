// Package zone finds time zones by name, and reads each once: package time reads the file of a zone, or
// unpacks it, every time.
package zone

import (
	"sync"
	"time"
)

// known are the zones found so far, by name: no more than there are in the database.
var known sync.Map

// Load is time.LoadLocation.
func Load(name string) (*time.Location, error) {
	if loc, ok := known.Load(name); ok {
		return loc.(*time.Location), nil
	}
	loc, err := time.LoadLocation(name)
	if err == nil {
		known.Store(name, loc)
	}
	return loc, err
}
