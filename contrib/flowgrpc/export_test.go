package flowgrpc

// BreakListener makes serving fail, as a listener does that the system has taken away.
func (s *Server) BreakListener() error { return s.current.listener.Close() }
