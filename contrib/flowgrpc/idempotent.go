package flowgrpc

import (
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

// DeclaredIdempotent reports whether a method, "/package.Service/Method", may be run more than once as
// its proto file says: whether it has the option idempotency_level, of NO_SIDE_EFFECTS or IDEMPOTENT.
// It is the default of [WithIdempotent]. A method whose Go code is not linked is not idempotent.
func DeclaredIdempotent(fullMethod string) bool {
	name := strings.ReplaceAll(strings.TrimPrefix(fullMethod, "/"), "/", ".")
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
	if err != nil {
		return false
	}
	options, ok := d.Options().(*descriptorpb.MethodOptions)
	return ok && options.GetIdempotencyLevel() != descriptorpb.MethodOptions_IDEMPOTENCY_UNKNOWN
}
