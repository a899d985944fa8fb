package bootfx

// NameOf is the short name of a function that fx tells of.
func NameOf(name string) string { return short(functionOf(name)) }
