"""Operations that run_decompositions() took apart and that are better known as one."""

from __future__ import annotations

from dataclasses import replace

from explainers.models.formats.pt2.program import Program
from explainers.models.formats.pt2.values import Node, Ref

_WHERE, _NOT = "aten.where.self", "aten.logical_not.default"


def fold_safe_softmax(program: Program) -> Program:
    """The program with every safe softmax in one piece.

    Attention takes the softmax s of scores x, and zeros where all of a row is masked:
    where(not any(not (x == -inf)), 0, s). As one operation it has a derivative and a DeepLIFT rule.
    """
    makers = {first: node for first, node in program.numbered() if node.count == 1}
    nodes = tuple(_safe_softmax(node, makers) or node for node in program.nodes)
    return replace(program, nodes=nodes)


def _safe_softmax(node: Node, makers: dict[int, Node]) -> Node | None:
    def maker(of: Node | None, op: str, place: int = 0) -> Node | None:
        taken = of.args[place] if of is not None and len(of.args) > place else None
        made = makers.get(taken.index) if isinstance(taken, Ref) else None
        return made if made is not None and made.op == op else None

    if node.op != _WHERE:
        return None
    softmax, zeros = (
        maker(node, "aten._softmax.default", 2),
        maker(node, "aten.full_like.default", 1),
    )
    anything = maker(maker(node, _NOT), "aten.any.dim")
    masked = maker(maker(anything, _NOT), "aten.eq.Scalar")
    if softmax is None or zeros is None or anything is None or masked is None:
        return None
    scores, dim, *_ = softmax.args
    alike = (
        masked.args == (scores, float("-inf"))
        and anything.args[1:] == (dim, True)
        and zeros.args[1:] == (0,)
    )
    return Node("aten._safe_softmax.default", (scores, dim)) if alike else None
