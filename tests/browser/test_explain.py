"""The Explain page, driven as a person would."""

import json
import os
import re
import signal
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from driver import Sent, choose, map_shown, run_until, settled, upload
from playwright.sync_api import TimeoutError, expect
from processes import children

RISE = "/explain?model=signs&method=rise&o.rise.samples=100000"


def worker_pids(server) -> list[int]:
    """The workers are children of the process that forks them, which is a child of the server."""
    commands = {
        pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children(server.process.pid)
    }
    prefork = next(pid for pid, command in commands.items() if b"worker.prefork" in command)
    return children(prefork)


def test_a_fresh_server_opened_by_a_deep_link_has_its_frame(fresh_server, visit):
    page = visit(f"{fresh_server.url}/explain?model=signs")
    page.get_by_role("link", name="Home").wait_for()
    run_until(page, page.get_by_role("table"))
    page = visit(f"{fresh_server.url}/compare?model=signs")
    run_until(page, page.get_by_text("hiding and revealing speak most for").first)
    mapped = Path(f"/proc/{fresh_server.process.pid}/maps").read_text()
    heavy = ("numpy", "torch", "pandas", "pyarrow", "matplotlib")  # tens of megabytes each
    assert [name for name in heavy if f"/{name}/" in mapped] == ["numpy"]


def test_upload_a_photo_hover_and_see_a_value(server, visit, photo):
    page = visit(f"{server.url}/explain?model=signs")
    first = map_shown(page)
    upload(page, photo)
    map_shown(page, not_digest=first)
    canvas = page.get_by_test_id("viewer-canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box["width"] / box["height"] == pytest.approx(120 / 90, rel=0.02)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    readout = page.get_by_test_id("viewer-readout")
    page.wait_for_function("e => /\\d/.test(e.textContent)", arg=readout.element_handle())
    assert re.search(r"[+−]?\d", readout.text_content())
    page.mouse.move(box["x"] + 3, box["y"] + box["height"] / 2)
    page.wait_for_function("e => /not seen/i.test(e.textContent)", arg=readout.element_handle())


def test_take_a_picture_with_the_camera(server, visit):
    page = visit(f"{server.url}/explain?model=signs&from=Camera", permissions=["camera"])
    # Before its first frame the camera gives no photo.
    page.wait_for_function(
        "() => [...document.querySelectorAll('video')].some(v => v.readyState > 2 && v.videoWidth)"
    )
    clear = page.get_by_role("button", name="Clear photo")
    for _ in range(8):  # a fake camera under load drops photos
        with suppress(TimeoutError):
            page.get_by_role("button", name="Take Photo").click(timeout=5000)
            page.wait_for_url(re.compile("photo="), timeout=20_000)
            break
        if clear.is_visible():
            clear.click()
    map_shown(page)
    clear.click()
    page.get_by_text("Choose a picture in the settings").wait_for()
    expect(page).not_to_have_url(re.compile("photo="))


def test_another_class_has_another_map(server, visit):
    page = visit(f"{server.url}/explain?model=signs")
    first = map_shown(page)
    expect(page).to_have_title("Explain · Evident")
    for seen in (  # at 1280 × 800, without scrolling
        page.get_by_role("combobox", name="Method"),
        page.get_by_role("combobox", name="Baseline"),
        page.get_by_role("radiogroup", name="Why does it say"),
        page.get_by_test_id("viewer-canvas"),
    ):
        expect(seen).to_be_in_viewport(ratio=1)
    chips = page.get_by_role("radiogroup", name="Why does it say").get_by_role("radio")
    other = chips.nth(1).text_content()
    chips.nth(1).click()
    assert map_shown(page, not_digest=first) != first
    name = re.sub(r"[<> ]*[\d.]+ ?%", "", other).strip()
    expect(page.locator("p", has_text="Check:")).to_contain_text(name)
    settled(page)
    page.get_by_text("rather than …").click()
    page.get_by_role("heading", name=re.compile("rather than")).wait_for()


def test_opacity_and_hover_cause_no_traffic(server, visit):
    sent, requests = Sent(), []
    page = visit(f"{server.url}/explain?model=signs", before=sent.listen)
    map_shown(page)
    sent.end(page)
    page.on("request", lambda request: requests.append(request.url))
    slider = page.get_by_test_id("viewer-opacity")
    before = canvas_pixels(page)
    slider.focus()
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    box = page.get_by_test_id("viewer-canvas").bounding_box()
    for step in range(10):
        page.mouse.move(box["x"] + 20 + 10 * step, box["y"] + 40 + 5 * step)
    page.get_by_test_id("viewer-mode-heat").click()
    page.wait_for_timeout(500)
    assert canvas_pixels(page) != before
    assert sent == [] and requests == []


def canvas_pixels(page) -> str:
    return page.get_by_test_id("viewer-canvas").evaluate("canvas => canvas.toDataURL()")


def test_cancel_a_long_job(server, visit):
    page = visit(f"{server.url}{RISE}&o.rise.seed=11")
    page.get_by_text(re.compile(r"\d+ of 100\d+ passes")).wait_for()
    page.get_by_test_id("viewer").wait_for()  # the map that sharpens
    pids = worker_pids(server)
    started = time.monotonic()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("Cancelled. Change a setting").wait_for()
    print(f"cancelled after {time.monotonic() - started:.2f} s on the screen")
    assert set(pids) <= set(worker_pids(server)), (
        "a cancel between two passes does not cost the warm worker"
    )
    choose(page, "Method", "Saliency")
    map_shown(page)


def test_the_same_link_shows_the_same_result_at_once(server, visit, photo):
    page = visit(f"{server.url}/explain?model=signs")
    upload(page, photo)
    settled(page)
    map_shown(page)
    choose(page, "Method", "Occlusion")
    page.get_by_text("Occlusion: ").wait_for()
    shown = map_shown(page)
    expect(page).to_have_url(re.compile("method=occlusion"))
    answers = sorted(server.store.glob("*.npz"))
    page.reload()
    assert map_shown(page) == shown
    assert sorted(server.store.glob("*.npz")) == answers, "nothing was computed again"


def test_two_visitors_never_see_each_others_picture(server, visit, photo):
    noise = np.random.default_rng(7)
    other = picture_of(noise.integers(0, 256, (64, 128, 3), dtype=np.uint8))
    one, two = (
        visit(f"{server.url}/explain?model=signs"),
        visit(f"{server.url}/explain?model=signs"),
    )
    first = map_shown(one)
    assert map_shown(two) == first
    upload(one, photo)
    upload(two, other)
    shown = map_shown(one, first), map_shown(two, first)
    assert shown[0] != shown[1]
    for page, shape in ((one, 120 / 90), (two, 2.0)):
        box = page.get_by_test_id("viewer-canvas").bounding_box()
        assert box["width"] / box["height"] == pytest.approx(shape, rel=0.03)
    assert "from=Upload" not in visit(f"{server.url}/explain?model=signs").url


def picture_of(values) -> bytes:
    import io

    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_killed_worker_is_said_and_replaced(fresh_server, visit):
    page = visit(f"{fresh_server.url}{RISE}")
    passes = page.get_by_text(re.compile(r"\d+ of 100\d+ passes"))
    for sentence in ("started again; trying once more", "ended twice"):
        said = page.get_by_text(sentence)
        for _ in range(20):  # to blame is what ran last, and the examples of the start run too
            passes.or_(said).first.wait_for()
            if said.count():
                break
            for pid in worker_pids(fresh_server):  # whichever of them runs it
                os.kill(pid, signal.SIGKILL)
            # A task that starts again at once may never be seen without its passes.
            page.wait_for_timeout(2000)
        else:
            raise AssertionError(f"never said: {sentence}")
    choose(page, "Method", "Saliency")
    assert map_shown(page)


@pytest.mark.parametrize(
    "data, name, words",
    [
        (b"not a picture at all", "fake.png", "not a picture"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "broken.png", "picture"),
    ],
)
def test_a_bad_picture_gets_a_sentence_and_the_app_goes_on(server, visit, data, name, words, photo):
    page = visit(f"{server.url}/explain?model=signs")
    map_shown(page)
    upload(page, data, name)
    page.get_by_role("alert").filter(has_text=words).wait_for()
    assert page.get_by_text("Traceback").count() == 0
    picker = page.locator("[data-testid=stFileUploader] input[type=file]").first
    picker.set_input_files({"name": "good.png", "mimeType": "image/png", "buffer": photo})
    map_shown(page)


def test_a_picture_over_the_limit_gets_a_sentence(server, visit, tmp_path):
    huge = tmp_path / "huge.png"
    huge.write_bytes(b"\x89PNG\r\n\x1a\n" + os.urandom(41_000_000))
    page = visit(f"{server.url}/explain?model=signs")
    map_shown(page)
    page.get_by_role("radio", name="Upload").click()
    settled(page)
    page.locator("[data-testid=stFileUploader] input[type=file]").first.set_input_files(huge)
    page.get_by_text(re.compile("must be 40(.0)? ?MB or smaller", re.I)).wait_for()
    expect(page.get_by_text("Choose a picture in the settings")).to_be_visible()


def test_uploaded_weights_from_mistake_to_map(server, visit):
    import torch
    import torchvision
    from safetensors.torch import save

    torch.manual_seed(0)
    weights = save(torchvision.models.squeezenet1_1(num_classes=3).state_dict())
    page = visit(f"{server.url}/explain?model=upload&size=64&method=saliency")
    page.get_by_text("Upload your network, or its weights").wait_for()
    picker = page.locator("[data-testid=stFileUploader] input[type=file]").first

    def give(name, data):
        picker.set_input_files({"name": name, "mimeType": "application/x", "buffer": data})
        settled(page)

    give("model.h5", b"\x89HDF")
    page.get_by_text("model.h5 is not accepted").wait_for()
    give("weights.safetensors", b"just a text file with another name")
    page.get_by_text("not a .safetensors file").wait_for()
    give("weights.safetensors", weights)
    page.get_by_text("squeezenet1_1").first.wait_for()
    page.get_by_text("normalisation it was trained with cannot be read").wait_for()
    first = map_shown(page)
    choose(page, "Architecture", "resnet18")
    page.get_by_text("do not fit resnet18").wait_for()
    choose(page, "Architecture", "Recognise it")
    assert map_shown(page) == first
    assert page.get_by_role("radio", name=re.compile("class [012]")).count() == 3
    torch.manual_seed(1)
    give("weights.safetensors", save(torchvision.models.squeezenet1_1(num_classes=3).state_dict()))
    assert map_shown(page, not_digest=first) != first, "same name, other weights, other map"
    page.get_by_text("What it takes, and what it answers").click()
    names = page.locator("[data-testid=stFileUploader] input[type=file]").nth(2)
    names.set_input_files(
        {"name": "names.json", "mimeType": "application/json", "buffer": b'["a", "b"]'}
    )
    page.get_by_text("2 class names, but the model has 3 outputs").wait_for()
    names.set_input_files(
        {
            "name": "names.json",
            "mimeType": "application/json",
            "buffer": json.dumps(["apple", "pear", "plum"]).encode(),
        }
    )
    page.get_by_role("radio", name=re.compile("apple|pear|plum")).first.wait_for()
    choose(page, "Normalisation", "Own")
    std = page.get_by_label("Standard deviation")
    std.fill("0, 0, 0")
    std.press("Enter")
    page.get_by_text("Standard deviation: 3 numbers above 0").wait_for()


def test_deeplift_shows_support_and_opposition_apart(server, visit):
    page = visit(
        f"{server.url}/explain?model=signs&method=deeplift&baseline=mean"
        "&o.deeplift.rule=reveal_cancel"
    )
    both = map_shown(page)
    expect(page.locator("p", has_text="Check:")).to_contain_text("add up to 100.0 %")
    page.get_by_role("radio", name="Support alone").click()
    support = map_shown(page, not_digest=both)
    page.get_by_role("radio", name="Opposition alone").click()
    assert map_shown(page, not_digest=support) not in (both, support)
    choose(page, "Method", "Saliency")
    map_shown(page)
    assert page.get_by_role("radio", name="Support alone").count() == 0
