"""`python -m chassis.api_diff`: lists changes of the API that would break its clients."""
