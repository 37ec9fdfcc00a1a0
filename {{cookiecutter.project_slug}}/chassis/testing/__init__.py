"""What the tests of a service may ask for: fixtures, a real process of it, a faulty dependency."""
