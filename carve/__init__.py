"""Carves a service out of the template, and brings a later version or other answers into it."""
