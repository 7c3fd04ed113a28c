"""The two ways a request ends without an answer: a problem told in a sentence, or a cancel."""


class Problem(ValueError):
    """Something the person can mend; the message says what is wrong, accepted, and to be done."""


class ModelProblem(Problem):
    """A problem that lies in the model: it raised, or returned what cannot be explained."""


class Cancelled(Exception):
    """Raised from a progress callback to stop a running explanation."""
