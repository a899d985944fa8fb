// Package ctor checks constructors before they are given to fx, which would leave a value of the wrong type
// out of a group without a word.
package ctor

import (
	"fmt"
	"reflect"
)

// Makes checks that a constructor is a function that returns a T, and perhaps an error. What names the one
// who wants it: "schedfx: AsJob".
func Makes[T any](what string, constructor any) error {
	t := reflect.TypeOf(constructor)
	if t != nil && t.Kind() == reflect.Func && t.NumOut() > 0 && t.Out(0) == reflect.TypeFor[T]() &&
		(t.NumOut() == 1 || t.NumOut() == 2 && t.Out(1) == reflect.TypeFor[error]()) {
		return nil
	}
	return fmt.Errorf("%s wants a function that returns a %v, got %v", what, reflect.TypeFor[T](), t)
}
