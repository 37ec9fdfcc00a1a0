"""What every test may ask for: `database`, the settings of one that only this test has."""

pytest_plugins = ["app.database.tests.fresh"]
