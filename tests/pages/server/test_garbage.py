"""What is imported is passed over by the search for garbage, and what visitors leave is not."""

import gc
import subprocess
import sys
import weakref

from pages.server import garbage

SCRIPT = """
import gc, sys
from pages.server.garbage import MANY_MODULES, pass_over_imported
import plotly.graph_objects, pandas
before = len(gc.get_objects())
assert pass_over_imported() and gc.get_freeze_count() > 0.9 * before
assert not pass_over_imported()
sys.modules.update({f"another_{k}": sys for k in range(MANY_MODULES)})
assert pass_over_imported() and not pass_over_imported()
"""


def test_what_is_imported_is_passed_over_until_there_is_much_more():
    subprocess.run([sys.executable, "-c", SCRIPT], check=True)


def test_what_a_visitor_leaves_in_a_circle_is_still_found(monkeypatch):
    class Held:
        pass

    monkeypatch.setattr(garbage, "_seen", 0)
    try:
        assert garbage.pass_over_imported()
        held = Held()
        held.itself = held
        gone = weakref.ref(held)
        del held
        gc.collect()
        assert gone() is None
    finally:
        gc.unfreeze()
