"""What can be wrong before, or around, the cells."""


class RunnerError(Exception):
    """A notebook can't be run, in words for the person whose job it is."""
