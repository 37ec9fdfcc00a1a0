"""Business features that are put into a carved service to be measured."""
