"""Every method's map, as it is painted: red supports, blue opposes, no sign means one colour."""

import numpy as np
import pytest
from nets import PICTURE_METHODS, convnet, pictures

from explainers import explain
from explainers.figures import colours

QUICK = {
    "rise": {"samples": 40},
    "smoothgrad": {"samples": 4},
    "noise": {"samples": 3, "width": 6},
    "expected_gradients": {"samples": 6},
    "integrated_gradients": {"steps": 8},
}


@pytest.mark.parametrize("method", PICTURE_METHODS)
def test_what_is_painted_is_what_was_found(method):
    answer = explain(convnet(), pictures(1), method, "blur", target=1, **QUICK.get(method, {}))
    heat = answer.scores[0].sum(0).numpy()
    limit = colours.colour_limit(heat)
    painted = colours.paint(heat, answer.signed, limit).astype(int)
    strong = np.abs(heat) > limit / 2
    assert strong.any()
    if answer.signed:
        red_over_blue = painted[..., 0] - painted[..., 2]
        assert (np.sign(red_over_blue[strong]) == np.sign(heat[strong])).all()
        mirrored = colours.paint(-heat, True, limit).astype(int)
        weight = painted.sum(-1) - mirrored.sum(-1)
        assert np.abs(weight).max() <= 3 * 60, "both signs are about equally dark"
    else:
        assert heat.min() >= 0
        order = np.argsort(heat.ravel())
        light = painted.reshape(-1, 3)[order] @ (0.2126, 0.7152, 0.0722)
        assert (np.diff(light) <= 1).all(), "stronger is darker, all the way"
