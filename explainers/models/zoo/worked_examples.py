"""Worked examples: networks so small that every right answer can be written down."""

from __future__ import annotations

from explainers.models.zoo.worked_example import Pair, Point, WorkedExample, crossing, network


def _after_both(p: Point) -> tuple[float, float]:
    """Slopes of relu(relu(a) − 1 − relu(b)), the same for the pair's other network."""
    on = p[0] - 1 - max(p[1], 0.0) > 0
    return float(on), -float(on and p[1] > 0)


def _after_both_bends(x: Point, baseline: Point) -> list[float]:
    planes = (lambda p: p[0], lambda p: p[1], lambda p: p[0] - 1, lambda p: p[0] - 1 - p[1])
    return crossing(*planes)(x, baseline)


WORKED_EXAMPLES = {
    net.key: net
    for net in (
        WorkedExample(
            "minimum",
            "The smaller of two",
            "min(a, b) = a − relu(a − b)",
            ("a", "b"),
            0,
            3,
            (2, 1),
            value=lambda p: min(p),
            slopes=lambda p: (0.0, 1.0) if p[0] > p[1] else (1.0, 0.0),
            bends=crossing(lambda p: p[0] - p[1]),
            build=network(lambda x: x[:, 0] - (x[:, 0] - x[:, 1]).relu()),
            caption="Both inputs are needed, yet on a straight way from zero only the smaller one "
            "ever matters: gradients and Integrated Gradients give it everything.",
        ),
        WorkedExample(
            "minimum_mirrored",
            "The smaller of two, written the other way",
            "min(a, b) = b − relu(b − a)",
            ("a", "b"),
            0,
            3,
            (2, 1),
            value=lambda p: min(p),
            slopes=lambda p: (1.0, 0.0) if p[1] > p[0] else (0.0, 1.0),
            bends=crossing(lambda p: p[0] - p[1]),
            build=network(lambda x: x[:, 1] - (x[:, 1] - x[:, 0]).relu()),
            caption="The same function by other weights: what is said of it should not change.",
        ),
        WorkedExample(
            "saturation",
            "Saturation",
            "1 − relu(1 − a − b)",
            ("a", "b"),
            0,
            2,
            (1, 1),
            value=lambda p: 1 - max(1 - p[0] - p[1], 0.0),
            slopes=lambda p: (1.0, 1.0) if p[0] + p[1] < 1 else (0.0, 0.0),
            bends=crossing(lambda p: 1 - p[0] - p[1]),
            build=network(lambda x: 1 - (1 - x[:, 0] - x[:, 1]).relu()),
            caption="Where a + b is above 1 the output no longer moves, so the gradient is zero "
            "although both inputs brought it there.",
        ),
        WorkedExample(
            "threshold",
            "Threshold",
            "relu(x − 10)",
            ("x",),
            0,
            30,
            (20,),
            value=lambda p: max(p[0] - 10, 0.0),
            slopes=lambda p: (float(p[0] > 10),),
            bends=crossing(lambda p: p[0] - 10),
            build=network(lambda x: (x[:, 0] - 10).relu()),
            caption="At 20 the output is 10: slope times input says 20, twice what there is to "
            "share.",
        ),
        WorkedExample(
            "product",
            "One times the other",
            "a · b",
            ("a", "b"),
            0,
            4,
            (2, 3),
            value=lambda p: p[0] * p[1],
            slopes=lambda p: (float(p[1]), float(p[0])),
            bends=lambda x, baseline: [],
            build=network(lambda x: x[:, 0] * x[:, 1]),
            caption="Neither input does anything alone: each gets half of the product, and slope "
            "times input counts it twice.",
        ),
        WorkedExample(
            "late_step",
            "A step after both",
            "relu(relu(a) − 1 − relu(b))",
            ("a", "b"),
            0,
            4,
            (3, 1),
            value=lambda p: max(max(p[0], 0.0) - 1 - max(p[1], 0.0), 0.0),
            slopes=_after_both,
            bends=_after_both_bends,
            build=network(lambda x: (x[:, 0].relu() - 1 - x[:, 1].relu()).relu()),
            caption="The threshold of 1 is taken off where a and b meet.",
        ),
        WorkedExample(
            "early_step",
            "A step before they meet",
            "relu(relu(a − 1) − relu(b))",
            ("a", "b"),
            0,
            4,
            (3, 1),
            value=lambda p: max(max(p[0] - 1, 0.0) - max(p[1], 0.0), 0.0),
            slopes=_after_both,
            bends=_after_both_bends,
            build=network(lambda x: ((x[:, 0] - 1).relu() - x[:, 1].relu()).relu()),
            caption="The threshold of 1 is taken off a before it meets b; the function is the "
            "same.",
        ),
        WorkedExample(
            "ignored",
            "An input that cancels",
            "a + relu(b) − relu(−b) − b",
            ("a", "b"),
            0,
            3,
            (2, 1),
            value=lambda p: p[0],
            slopes=lambda p: (1.0, 0.0 if p[1] else -1.0),
            bends=crossing(lambda p: p[1]),
            build=network(lambda x: x[:, 0] + x[:, 1].relu() - (-x[:, 1]).relu() - x[:, 1]),
            caption="The network reads b, but whatever b is, the answer is a.",
        ),
    )
}

PAIRS = {
    pair.key: pair
    for pair in (
        Pair(
            "steps",
            "One function, two networks",
            "late_step",
            "early_step",
            "Whatever a and b are, both networks answer the same. Integrated Gradients explains "
            "them alike; DeepLIFT's Rescale looks at how they are built, and does not. After "
            "Sundararajan, Taly & Yan 2017, arXiv:1703.01365, figure 7.",
        ),
        Pair(
            "minima",
            "The smaller of two, twice",
            "minimum",
            "minimum_mirrored",
            "Both networks answer min(a, b). Compared with zero, Integrated Gradients and DeepLIFT "
            "explain them alike where a and b differ.",
        ),
    )
}
