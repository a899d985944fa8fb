package bootfx

import (
	"regexp"
	"strings"
)

// functionOf is the name of a function with its import path, out of what fx calls it: "example.com/store.Open()", or
// the same in the middle of an annotation.
func functionOf(name string) string {
	name = strings.TrimPrefix(name, "fx.Annotate(")
	if _, target, ok := strings.Cut(name, "Target: "); ok { // fx.Annotated
		name = target
	}
	name, _, _ = strings.Cut(name, "()")
	return strings.TrimSuffix(name, "-fm") // of a method as a value
}

// inner is what the compiler adds to the name of a function for those written in it.
var inner = regexp.MustCompile(`(\.func\d+|\.\d+|\.gowrap\d+|-range\d+|\.)+$`)

// punctuation is what a reader of traces does not need: type parameters, and the parentheses of receivers.
var punctuation = strings.NewReplacer("[...]", "", "(*", "", "(", "", ")", "")

// short is a function's name without import path: "store.Open".
func short(function string) string {
	function = punctuation.Replace(function[strings.LastIndexByte(function, '/')+1:])
	return inner.ReplaceAllString(function, "")
}
