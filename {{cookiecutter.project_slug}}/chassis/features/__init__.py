"""`python -m chassis.features`: adds a feature to `app/`, and removes the examples."""
