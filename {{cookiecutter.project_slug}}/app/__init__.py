"""The service: its features, and the list of them in `main.py`."""
