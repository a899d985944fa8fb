package core

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fault is one thing wrong with one field of a config.
type Fault struct {
	Field string // the field, as it is spelled in Go
	Value any    // what it held
	Want  string // what it must hold: "must be above 0"
}

// Error reads `Burst must not be negative, got -1`.
func (f *Fault) Error() string {
	return fmt.Sprintf("%s %s, got %s", f.Field, f.Want, quote(f.Value))
}

// ErrorType is [TypeInvalid].
func (f *Fault) ErrorType() string { return TypeInvalid }

// Is matches [ErrInvalid].
func (f *Fault) Is(target error) bool { return target == ErrInvalid }

// quote shows a value short, and text in quotes, so that a config error stays one clear line.
func quote(v any) string {
	s := fmt.Sprint(v)
	isText := reflect.ValueOf(v).Kind() == reflect.String || strings.ContainsFunc(s, unicode.IsControl)
	if len(s) > maxShown {
		s = s[:maxShown] + "..."
	}
	if isText {
		return fmt.Sprintf("%q", s)
	}
	return s
}

// maxShown is how many bytes of a value an error shows.
const maxShown = 64

// Faults collects what is wrong with a config, so that its Validate method reports everything at
// once:
//
//	func (c Config) Validate() error {
//		var faults core.Faults
//		faults.Require(c.Burst >= 0, "Burst", c.Burst, "must not be negative")
//		return faults.Err()
//	}
//
// The zero Faults is ready to use.
type Faults struct{ list []error }

// Require notes a [Fault] unless ok.
func (f *Faults) Require(ok bool, field string, value any, want string) {
	if !ok {
		f.list = append(f.list, &Fault{Field: field, Value: value, Want: want})
	}
}

// Err joins all faults, or is nil.
func (f *Faults) Err() error { return errors.Join(f.list...) }

// ConfigError says which instance a config was for: what constructors return when Validate fails.
type ConfigError struct {
	Package  string // the engine's package: "limit"
	Instance string // the instance's name
	Err      error  // the joined faults
}

// Error is one line: `limit: "checkout": Rate must be above 0, got 0/s; Burst ...`.
func (e *ConfigError) Error() string {
	return fmt.Sprintf("%s: %s: %s", e.Package, quote(e.Instance), strings.ReplaceAll(e.Err.Error(), "\n", "; "))
}

// Unwrap gives the faults.
func (e *ConfigError) Unwrap() error { return e.Err }

// ErrorType is [TypeInvalid].
func (e *ConfigError) ErrorType() string { return TypeInvalid }

// Configure checks what every constructor checks first: the name, then the config's faults. It
// returns nil, or a [*ConfigError] that names the package, the instance, and every field at fault.
func Configure(pkg, name string, invalid error) error {
	if invalid == nil && name != "" && len(name) <= maxName && utf8.ValidString(name) {
		return nil
	}
	var faults Faults
	faults.Require(name != "", "name", name, "must not be empty")
	faults.Require(len(name) <= maxName, "name", name, fmt.Sprintf("must have at most %d bytes", maxName))
	faults.Require(utf8.ValidString(name), "name", name, "must be UTF-8")
	if err := errors.Join(faults.Err(), invalid); err != nil {
		return &ConfigError{Package: pkg, Instance: name, Err: err}
	}
	return nil
}

// maxName bounds names: they become metric attributes.
const maxName = 128
