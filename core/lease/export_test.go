package lease

// SetWall sets a locker's wall clock, in nanoseconds.
func (l *Locker) SetWall(now func() int64) { l.wall = now }

// Len is how many keys a Memory keeps.
func (m *Memory) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.keys)
}
