"""`python -m chassis.api_diff`: says which changes of the API would break its clients."""
