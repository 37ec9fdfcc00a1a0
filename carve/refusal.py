"""An error for the person at the terminal: what is wrong, where, and what to do, in one line."""


class Refusal(Exception):  # noqa: N818 - nothing broke: the command declines
    """The command cannot go on, and nothing was changed."""
