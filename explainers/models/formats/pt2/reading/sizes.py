"""Sizes in an exported program: whole numbers, or expressions that are parsed and never run."""

from __future__ import annotations

import ast
import re

from explainers.errors import Problem

LONGEST, MOST_PARTS = 2000, 200
LARGEST = 1 << 40
_OPERATORS = (
    ast.Add,
    ast.Sub,
    ast.Mult,
    ast.FloorDiv,
    ast.Div,
    ast.Mod,
    ast.Pow,
    ast.USub,
    ast.UAdd,
    ast.Eq,
    ast.NotEq,
    ast.Lt,
    ast.LtE,
    ast.Gt,
    ast.GtE,
    ast.And,
    ast.Or,
    ast.Not,
    ast.Load,
    ast.BitAnd,
    ast.BitOr,
    ast.Invert,
)
_FORMS = (ast.Expression, ast.BinOp, ast.UnaryOp, ast.Compare, ast.BoolOp)
# Constructors of sympy and of torch.utils._sympy that stand in printed sizes.
_FUNCTIONS = {
    *"""Symbol Integer Rational Float Add Mul Pow Max Min FloorDiv CleanDiv CeilDiv CeilToInt Mod
    FloorToInt TruncToInt RoundToInt TruncToFloat PythonMod ModularIndexing IntTrueDiv PowByNatural
    FloatTrueDiv ToFloat Identity Where Eq Ne Lt Le Gt Ge And Or Not Equality Unequality LessThan
    StrictLessThan GreaterThan StrictGreaterThan Piecewise ExprCondPair floor ceiling
    BooleanTrue BooleanFalse""".split()  # noqa: SIM905
}


def read_size(entry: object) -> int | None:
    """One side of a tensor as the schema has it (SymInt): a number, or None where it is free.

    Nothing is evaluated.

    Raises
    ------
    Problem
        For a number that no side can have, and for an expression that is more than names, numbers,
        arithmetic and comparison.

    Examples
    --------
    >>> read_size({"as_int": 3}), read_size({"as_expr": {"expr_str": "2*s0 + 1"}})
    (3, None)
    """
    if isinstance(entry, dict) and len(entry) == 1:
        ((kind, value),) = entry.items()
        if kind == "as_int" and type(value) is int and 0 <= value <= LARGEST:
            return value
        if kind == "as_expr" and isinstance(value, dict):
            demand_expression(value.get("expr_str"))
            return None
    raise Problem("A size in the exported program is impossible. Export the model again.")


def demand_expression(text: object) -> None:
    """Problem where a printed symbolic expression is more than arithmetic of names and numbers."""
    if not isinstance(text, str) or len(text) > LONGEST:
        raise _refused(text)
    try:
        parts = list(ast.walk(ast.parse(text.strip(), mode="eval")))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise _refused(text) from error
    if len(parts) > MOST_PARTS or not all(map(_plain, parts)):
        raise _refused(text)


def _plain(part: ast.AST) -> bool:
    if isinstance(part, ast.Constant):  # a text is the name of a Symbol or the digits of a Float
        word = isinstance(part.value, str) and re.fullmatch(r"-?[\w.]{1,40}", part.value)
        return type(part.value) in (int, float, bool) or bool(word)
    if isinstance(part, ast.Name):
        return not part.id.startswith("_") and len(part.id) <= 40
    if isinstance(part, ast.Call):
        return isinstance(part.func, ast.Name) and part.func.id in _FUNCTIONS
    if isinstance(part, ast.keyword):  # what is known of a symbol: integer=True
        return part.arg is not None and isinstance(part.value, ast.Constant)
    if isinstance(part, ast.Tuple):  # the cases of a Piecewise
        return True
    return isinstance(part, _FORMS + _OPERATORS)


def _refused(text: object) -> Problem:
    shown = text if isinstance(text, str) else type(text).__name__
    return Problem(
        f"A size in the exported program is written as {shown[:80]!r}, which is not plain "
        "arithmetic. Export the model again."
    )
