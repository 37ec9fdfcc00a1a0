"""The stages of the benchmark: each one is a function from a bench to figures."""
