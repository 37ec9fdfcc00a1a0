"""Rolls releases out on one host without losing a request; needs only Python and nginx."""
