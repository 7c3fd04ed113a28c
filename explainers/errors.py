"""How an explanation ends without a result: a problem with its way out, or a cancel."""


class Problem(ValueError):
    """What the user can mend; the message says what is wrong, what is accepted, what to do."""


class ModelProblem(Problem):
    """A problem that lies in the model: it raised, or returned what cannot be explained."""


class Cancelled(Exception):
    """Raised from a progress callback to stop a running explanation."""
