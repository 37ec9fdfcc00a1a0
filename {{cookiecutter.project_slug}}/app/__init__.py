"""The service: its features, the kernel that holds them together, and the list that says which ones."""
