"""Reports of every kind in a browser without a network: whole, read by all, and no name runs."""

from dataclasses import replace

import pytest
from test_whole_app import accessible

from explainers.reports.explanation import Explanation, explanation_of
from explainers.reports.page.collection_page import Part, collection_page
from explainers.reports.page.ranking_page import page_of
from explainers.reports.page.report_page import Source, report_page
from tests.reports.test_numbers import answer_about
from tests.reports.test_pictures_of_reports import of_a_photo, of_a_table
from tests.reports.test_pictures_of_volumes import of_two_channels
from tests.reports.test_reports_of_several import table

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "=1+1 $x$ ![](http://evil.example/a.png)",
    "</script></style><a href=http://evil.example>",
)
TOLD = Source(*HOSTILE, {"data": HOSTILE[1]}, [(HOSTILE[0], HOSTILE[1])], HOSTILE[0], {}, True)


def named(one: Explanation) -> Explanation:
    """The same explanation, whose every name is hostile."""
    script, image, rest, closing = HOSTILE
    names = tuple(HOSTILE[at % 4] + str(at) for at in range(len(one.names)))
    said = {"sentence": f"*It* is {rest} and {script}.", "check": image, "notes": (closing, rest)}
    words = {"about": script, "title": image, "answer": rest, "baseline_answer": closing}
    return replace(one, names=names, settings={script: closing}, features=(), **said, **words)


def pages() -> dict[str, bytes]:
    """A report of each kind."""
    of_kind = {
        "photo": of_a_photo(),
        "table": of_a_table(),
        "series": explanation_of(answer_about("series")[0]),
        "sequence": explanation_of(answer_about("sequence")[0]),
        "volume": of_two_channels(),
    }
    ones = {kind: named(one) for kind, one in of_kind.items()}
    matters = [Part(HOSTILE[1], table(HOSTILE[0]), TOLD), Part("b", table(HOSTILE[2]), TOLD)]
    compared = [Part(HOSTILE[2], ones["photo"], TOLD), Part("again", ones["photo"], TOLD)]
    return {
        **{kind: report_page(one, TOLD) for kind, one in ones.items()},
        "importance": page_of(table(HOSTILE[0]), TOLD),
        "comparison": collection_page(HOSTILE[3], compared, HOSTILE[0], HOSTILE[1]),
        "story": collection_page(HOSTILE[0], matters),
    }


@pytest.fixture(scope="module")
def reader(chromium):
    context = chromium.new_context(offline=True, viewport={"width": 390, "height": 800})
    yield context.new_page()
    context.close()


def test_every_report_opens_offline_reads_aloud_and_runs_no_name(reader, tmp_path):
    asked: list[str] = []
    opened: list[str] = []
    reader.on("request", lambda request: asked.append(request.url))
    reader.on("dialog", lambda dialog: (opened.append(dialog.message), dialog.dismiss()))
    for kind, page in pages().items():
        assert len(page) < 3_000_000, kind
        (tmp_path / f"{kind}.html").write_bytes(page)
        reader.goto((tmp_path / f"{kind}.html").as_uri())
        for image in reader.locator("img").all():
            assert image.evaluate("image => image.naturalWidth") > 0, kind
            assert len(image.get_attribute("alt")) > 15, kind
        assert reader.locator("a, iframe, object, form, img[onerror]").count() == 0, kind
        assert HOSTILE[0] in reader.locator("body").inner_text(), kind
        accessible(reader)
        page_of_kind = reader.locator("html")
        assert page_of_kind.evaluate("page => page.scrollWidth - innerWidth") <= 1, kind
    assert opened == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
