package flowredis

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// A key reads PREFIX:{NAME}:KIND:v1, or PREFIX:{NAME:KEY}:KIND:v1 for a key of a keyed limiter. What
// users choose stands within the braces, which are the hash tag, and can neither end them nor
// pretend to be another part: the bytes that could are escaped as %XX. A long key of a keyed limiter
// is hashed. The version is that of the value's format.

const (
	keyVersion   = ":v1"
	longestPlain = 256 // bytes of a key; longer ones are hashed
)

// reserved are the bytes that mean something in a key or a shell: they are escaped.
const reserved = "{}:%#"

// mustEscape reports whether a byte cannot stand in a key as it is.
func mustEscape(b byte) bool { return b <= ' ' || b == 0x7f || strings.IndexByte(reserved, b) >= 0 }

// escape makes s safe between the separators of a key. Different texts stay different.
func escape(s string) string {
	at := 0
	for at < len(s) && !mustEscape(s[at]) {
		at++
	}
	if at == len(s) {
		return s
	}
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	b.Grow(len(s) + 8)
	for _, c := range []byte(s) {
		if mustEscape(c) {
			b.WriteByte('%')
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// part is what stands for a key of a keyed limiter: itself, or 128 bits of its hash.
func part(key string) string {
	if len(key) <= longestPlain {
		return escape(key)
	}
	sum := sha256.Sum256([]byte(key))
	return "#" + hex.EncodeToString(sum[:16]) // no escaped key begins so
}

// named is the key of something that has a name.
func named(prefix, name, kind string) string {
	return prefix + ":{" + escape(name) + "}:" + kind + keyVersion
}

// keyNames are the names of the keys of a keyed limiter.
type keyNames struct{ before, after string }

func newKeyNames(prefix, name, kind string) keyNames {
	return keyNames{prefix + ":{" + escape(name) + ":", "}:" + kind + keyVersion}
}

func (k keyNames) of(key string) string { return k.before + part(key) + k.after }
