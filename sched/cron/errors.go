package cron

import (
	"fmt"
	"strings"

	"github.com/goflow-go/goflow/core"
)

// ParseError says what is wrong with an expression, and where. It matches core.ErrInvalid.
type ParseError struct {
	Expr   string // the expression, or the first 256 bytes of a longer one
	Field  string // second, minute, hour, day of month, month, day of week, zone, or expression
	Column int    // the byte of Expr where the fault is, from 1
	Value  string // what stands there
	Want   string // what is wrong with it: "is not from 0 to 59"
}

// Error reads `cron: "60 * * * *": minute (column 1): 60 is not from 0 to 59`.
func (e *ParseError) Error() string {
	text := fmt.Sprintf("cron: %q: %s (column %d): ", shorten(e.Expr), e.Field, e.Column)
	if e.Value != "" {
		text += show(e.Value) + " "
	}
	return text + e.Want
}

// ErrorType is invalid.
func (e *ParseError) ErrorType() string { return core.TypeInvalid }

// Is matches core.ErrInvalid.
func (e *ParseError) Is(target error) bool { return target == core.ErrInvalid }

// show quotes a value that holds more than visible ASCII.
func show(value string) string {
	value = shorten(value)
	if strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return fmt.Sprintf("%q", value)
	}
	return value
}

// shorten cuts text to what an error shows of it.
func shorten(text string) string {
	if len(text) <= maxShown {
		return text
	}
	return text[:maxShown] + "..."
}

// maxShown is how many bytes of an expression, and of a value in it, an error shows.
const maxShown = 64
