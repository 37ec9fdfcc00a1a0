"""Helpers for the tests of a service: fixtures, a real process, a faulty dependency."""
