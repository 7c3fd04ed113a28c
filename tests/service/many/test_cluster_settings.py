"""The cluster in the settings: what is wrong stops the start, with a sentence that names it."""

import numpy as np
import pytest

from explainers import Problem
from explainers.models.spec import ModelSpec
from explainers.service.backends.cluster.part import _on_device
from explainers.service.backends.cluster.settings import ClusterSettings, read_cluster
from explainers.service.limits import read
from explainers.service.settings import SETTINGS
from explainers.service.tasks import InputRef
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.many.explain_many import ExplainMany

HERE = "tcp://127.0.0.1:8786"
PART = ExplainMany(Explain(ModelSpec("demo", "diabetes", kind="table"), InputRef("0" * 64)), 4, 6)


def settings(tmp_path, text, environment=None):
    path = tmp_path / "settings.toml"
    path.write_text(f"[cluster]\n{text}\n")
    return read_cluster(path, environment or {})


def test_one_address_is_enough_and_the_environment_goes_before(tmp_path):
    found = settings(tmp_path, f'scheduler = "{HERE}"')
    assert found == ClusterSettings(found.scheduler) and str(found.scheduler) == HERE
    other = {"EVIDENT_SCHEDULER": "tcp://localhost:1"}
    assert str(settings(tmp_path, f'scheduler = "{HERE}"', other).scheduler) == "tcp://localhost:1"
    assert settings(tmp_path, "") is None
    assert read_cluster(SETTINGS, {}) is None, "by default there is none"
    assert read(tmp_path / "settings.toml").workers == 2, "limits pass it over"


def test_certificates_lie_beside_the_settings(tmp_path):
    for name in ("ca", "own", "secret"):
        (tmp_path / f"{name}.pem").touch()
    files = 'authority = "ca.pem"\ncertificate = "own.pem"\nkey = "secret.pem"'
    found = settings(tmp_path, f'scheduler = "tls://cluster.example:8786"\n{files}').certificates
    assert found.authority == tmp_path / "ca.pem" and found.key == tmp_path / "secret.pem"


@pytest.mark.parametrize(
    "text, words",
    [
        (f'scheduler = "{HERE}"\nworkers = 4', "not 'workers'"),
        ("scheduler = 8786", "is not a text"),
        ('scheduler = "127.0.0.1:8786"', "is no address"),
        ('scheduler = "tcp://10.0.0.7:8786"', "without encryption"),
        ('device = "cuda:0"', "names no scheduler"),
        (f'scheduler = "{HERE}"\ncertificate = "x.pem"', "but no authority"),
        (
            f'scheduler = "{HERE}"\nauthority = "a"\ncertificate = "b"\nkey = "c"',
            "certificates .* is not there",
        ),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, words):
    with pytest.raises(ValueError, match=words):
        settings(tmp_path, text)


def test_the_device_that_was_set_is_there_or_said_to_be_missing():
    gpu = {"cuda:0": "one", "cpu": "CPU"}
    on = [_on_device(PART, device, gpu).explanation.device for device in ("", "cuda:0")]
    assert on == ["cpu", "cuda:0"]
    asked = PART.replace(explanation=PART.explanation.replace(device="cuda:3"))
    assert _on_device(asked, "", gpu).explanation.device == "cuda:0"
    with pytest.raises(Problem, match="has no cuda:0, only cpu"):
        _on_device(PART, "cuda:0", {"cpu": "CPU"})


def answer(**changes):
    """An answer of two rows, the second without a map."""
    rows = [
        {"index": 4, "name": "row 5", "digest": "d", "answer": 1.5, "error": None},
        {"index": 5, "name": "row 6", "digest": "d", "error": "It has no number."},
    ]
    facts = {"rows": rows, "signed": True, "seconds": 0.1}
    arrays = {"mapped": np.array([4]), "maps": np.ones((1, 10), np.float32)}
    facts |= {name: value for name, value in changes.items() if name in facts}
    arrays |= {name: value for name, value in changes.items() if name not in facts}
    return facts, arrays


def test_an_answer_that_is_one_fits():
    assert PART.fits(answer())


@pytest.mark.parametrize(
    "changes",
    [
        {"rows": "none"},
        {"rows": []},
        {"rows": [{"index": 4}, {"index": 5}]},
        {"rows": [*answer()[0]["rows"], {"index": 6, "name": "row 7", "error": None}]},
        {"rows": [{**answer()[0]["rows"][0], "answer": "high"}, answer()[0]["rows"][1]]},
        {"rows": [[4], [5]]},
        {"signed": 1},
        {"seconds": "long"},
        {"mapped": np.array([5])},
        {"mapped": np.array([4.0])},
        {"mapped": np.array([4, 4]), "maps": np.ones((2, 10), np.float32)},
        {"maps": np.ones((2, 10), np.float32)},
        {"maps": np.ones((1, 10))},
        {"maps": np.full((1, 10), np.nan, np.float32)},
        {"more": np.ones(3)},
    ],
)
def test_what_is_no_answer_does_not_fit(changes):
    assert not PART.fits(answer(**changes))
