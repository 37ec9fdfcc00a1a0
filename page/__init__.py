"""The page that shows a service before it is carved."""
