"""Rolls releases out on one host without losing a request: needs Python and nginx, nothing else."""
