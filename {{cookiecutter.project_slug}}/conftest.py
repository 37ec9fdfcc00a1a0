"""What every test may ask for, whatever feature it is of."""

pytest_plugins = [
    "app.logs.tests.as_it_was",
    "app.database.tests.fresh",  # if database
]
