package console

import (
	"encoding/binary"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
)

// The bounds of a record's texts. What is longer is cut.
const (
	maxName  = 256
	maxValue = 4 << 10
	maxAttrs = 40 << 10 // all attributes of a record together; further ones are left out
)

// attr is an attribute in words.
type attr struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// appendText appends a text, cut to most bytes, behind its length.
func appendText(b []byte, s string, most int) []byte {
	s = s[:min(len(s), most)]
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// appendAttr appends an attribute, unless what began at start has no room for it.
func appendAttr(b []byte, kv attribute.KeyValue, start int) []byte {
	if len(b)-start > maxAttrs {
		return b
	}
	b = appendText(b, string(kv.Key), maxName)
	return appendValue(b, kv.Value)
}

// appendValue appends a value in words, behind its length.
func appendValue(b []byte, v attribute.Value) []byte {
	var number [32]byte
	switch v.Type() {
	case attribute.STRING:
		return appendText(b, v.AsString(), maxValue)
	case attribute.INT64:
		return appendNumber(b, strconv.AppendInt(number[:0], v.AsInt64(), 10))
	case attribute.FLOAT64:
		return appendNumber(b, strconv.AppendFloat(number[:0], v.AsFloat64(), 'g', -1, 64))
	case attribute.BOOL:
		return appendNumber(b, strconv.AppendBool(number[:0], v.AsBool()))
	default:
		return appendText(b, v.String(), maxValue)
	}
}

func appendNumber(b, digits []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(digits)))
	return append(b, digits...)
}

// texts reads the texts of a record one after the other.
type texts struct{ rest []byte }

// next is the next text, as it stands in the record.
func (t *texts) next() []byte {
	n, width := binary.Uvarint(t.rest)
	if width <= 0 || n > uint64(len(t.rest)-width) { // there are no more
		t.rest = nil
		return nil
	}
	end := width + int(n) //nolint:gosec // not above len(t.rest)
	text := t.rest[width:end]
	t.rest = t.rest[end:]
	return text
}

// attrs is what is left, as attributes.
func (t *texts) attrs() []attr {
	list := []attr{}
	for len(t.rest) > 0 {
		name := string(t.next())
		list = append(list, attr{name, string(t.next())})
	}
	return list
}
