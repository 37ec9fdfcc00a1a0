"""An error for the person at the terminal: what is wrong, where, and what to do, in one line."""


class Refusal(Exception):  # noqa: N818 - nothing broke: the command declines
    """The command cannot go on, and nothing was changed."""


def explain(error: BaseException) -> str:
    """Say what an error of the system is about, in a sentence."""
    if isinstance(error, OSError) and error.strerror:
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror}."
    return str(error) or "Interrupted."
