"""How an explanation ends without a result: a problem with its way out, or a cancel."""


class Problem(ValueError):
    """What the user can mend; the message says what is wrong, what is accepted, what to do."""


class ModelProblem(Problem):
    """A problem that lies in the model: it raised, or returned what cannot be explained."""


class NotFinite(ModelProblem):
    """An answer of the model's that holds NaN or infinite values."""


class WrittenOn(Exception):
    """Memory did not suffice for points that a model has written on already."""


class Cancelled(Exception):
    """Raised from a progress callback to stop a running explanation."""


def first_line(error: BaseException, most: int = 200) -> str:
    r"""The first line of what an error says, for a sentence: without its full stop.

    Its type where it says nothing.

    Examples
    --------
    >>> first_line(ValueError("Too long.\nMore.")), first_line(KeyError())
    ('Too long', 'KeyError')
    """
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:most].rstrip(".: ")


def typed_line(error: BaseException, most: int = 200) -> str:
    r"""The same behind the error's type.

    Examples
    --------
    >>> typed_line(ValueError("Too long.\nMore.")), typed_line(KeyError())
    ('ValueError: Too long', 'KeyError')
    """
    kind = type(error).__name__
    return f"{kind}: {first_line(error, most)}" if str(error).strip() else kind
