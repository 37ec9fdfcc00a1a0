"""The service: its features, the kernel that holds them together, the list that names them."""
