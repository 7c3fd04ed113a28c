"""What is asked on the page of importance: groups of columns, and the table of expectations."""

import math

import pandas as pd

from explainers.importance.reading.expectations import Expectation
from explainers.service.backends.job import RUNNING, Job
from explainers.service.tasks.lesson import Lesson
from pages.ranking import grouping
from pages.ranking.looks import expected

NAMES = ["rain", "site = a", "site = b", "wind", "wind"]


def test_groups_of_groups_are_made_of_columns():
    units = grouping.units_of(NAMES[:4], {"site": (1, 2)})
    assert units == {"rain": (0,), "site": (1, 2), "wind": (3,)}
    assert grouping.as_groups([["site", "wind"]], units) == {"site + wind": (1, 2, 3)}


def test_a_table_of_expectations_survives_its_way_through_the_editor_and_the_link():
    wanted = [
        Expectation("rain", "+", -math.inf, 2.0),
        Expectation("wind", "0", output=1),
        Expectation("rain", "-", output=0),
    ]
    outputs = ["cover", "height"]
    frame = expected._frame(wanted, ["rain", "slope", "wind"], outputs)
    assert frame[expected.INPUT].tolist() == ["rain", "rain", "slope", "wind"]
    lines = [expected._of_line(line, outputs) for line in frame.to_dict("records")]
    assert lines[2] == {} and lines[0] == {"input": "rain", "sign": "+", "high": 2.0}
    assert sorted(map(str, filter(None, lines))) == sorted(
        str(expected._plain(one)) for one in wanted
    )
    assert expected.OUTPUT not in expected._frame([], ["rain"], ["cover"])
    empty = {expected.INPUT: "rain", expected.SIGN: None, expected.LOW: pd.NA, expected.HIGH: None}
    assert expected._of_line(empty, ["cover"]) == {}


def test_whoever_cancels_a_job_does_not_wait_for_its_end():
    job = Job(Lesson("axioms", (1.0,)), "somebody", "digest", RUNNING)
    assert not job.settled
    job.cancel_requested = 1.0
    assert job.settled and not job.over
    job.took_too_long = True
    assert not job.settled, "its own sentence is still to come"
