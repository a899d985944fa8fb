//go:build !linux && !darwin

package checks

import "errors"

func measure(string) (space, error) { return space{}, errors.ErrUnsupported }
