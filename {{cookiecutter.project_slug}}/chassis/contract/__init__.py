"""Tests in five seconds whether the chassis works with the installed libraries.

Run them after an update of a dependency; the chassis's other tests run in the template.
"""
