"""The page on which one looks at a service before it is carved."""
