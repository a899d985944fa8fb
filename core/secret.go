package core

import (
	"fmt"
	"io"
)

// Secret is text that is never shown: however it is printed, logged or marshalled, it reads
// "[redacted]". It is read from text like any string; string(s) gives it.
type Secret string

const redacted = "[redacted]"

// String gives "[redacted]", or "" when there is none.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// Format writes String whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText gives String, so that a dumped config shows no secret.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText takes the text as it is.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = Secret(text)
	return nil
}
