"""What the wiring of a carved service costs, measured beside what others make of the same parts."""
