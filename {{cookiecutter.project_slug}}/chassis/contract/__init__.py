"""Tells in five seconds whether the chassis still works with the libraries that are installed.

Run them after a dependency was raised; the chassis's other tests run where it is written.
"""
