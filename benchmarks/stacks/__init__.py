"""The peers: each file is one stack, written from its documentation, and runs unchanged."""
