"""Carves a service from the template, and updates it to a later version or other answers."""
