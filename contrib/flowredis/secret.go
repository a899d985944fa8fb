package flowredis

import "github.com/goflow-go/goflow/core"

// Secret is [core.Secret].
type Secret = core.Secret
