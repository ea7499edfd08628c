"""Whatever shows a picture in a notebook becomes one that the service takes."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import shutil
import struct
import subprocess
import sys
import warnings
import zlib
from pathlib import Path
from typing import Any

import IPython.display
import matplotlib
import matplotlib.figure
import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhipu_magic.text.errors import InvalidRequest, JournalError, ServiceError
from zhipu_magic.values.images.drawn import drawn
from zhipu_magic.values.images.from_value import Image, image_of
from zhipu_magic.values.images.stored import from_json

COLOURS = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)


def pixels(image: Image) -> Any:
    """What somebody who decodes it sees."""
    with PIL.Image.open(io.BytesIO(image.data)) as picture:
        assert (picture.format, picture.size) == (image.type[6:].upper(), (image.width, image.height))
        return np.asarray(picture)


def encoded(form: str, array: Any = COLOURS, **options: Any) -> bytes:
    file = io.BytesIO()
    PIL.Image.fromarray(array).save(file, form, **options)
    return file.getvalue()


def noise(*shape: int) -> Any:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def figure(**options: Any) -> matplotlib.figure.Figure:
    made = matplotlib.figure.Figure(**options)
    made.subplots().plot([1, 3, 2])
    return made


# Figures.


def test_a_matplotlib_figure_is_drawn_at_its_own_size_and_in_its_own_colour() -> None:
    image = image_of(figure(figsize=(2, 1), dpi=90, facecolor="#336699"))
    assert (image.type, image.width, image.height) == ("image/png", 180, 90)
    assert pixels(image)[0, 0].tolist() == [0x33, 0x66, 0x99]
    assert b"tEXt" not in image.data


def test_axes_of_any_kind_stand_for_their_figure() -> None:
    made = matplotlib.figure.Figure()
    left, right = made.subfigures(1, 2)
    grid = left.subplots(2, 2)
    alone = right.subplots()
    [line] = alone.plot([1, 2])
    wanted = image_of(made)
    assert [image_of(value) for value in (grid, alone, right, line)] == [wanted] * 4


def test_a_grid_of_seaborns_is_its_figure() -> None:
    class FacetGrid:
        def __init__(self) -> None:
            self.figure = figure()

    FacetGrid.__module__ = "seaborn.axisgrid"
    grid = FacetGrid()
    assert image_of(grid) == image_of(grid.figure)


def test_a_closed_figure_and_an_empty_one_are_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPLBACKEND", "agg")
    import matplotlib.pyplot as plt

    made, axes = plt.subplots()
    before, settings = image_of(made), dict(matplotlib.rcParams)
    assert plt.get_fignums() == [made.number]
    plt.close(made)
    assert image_of(made) == image_of(axes) == before
    assert image_of(matplotlib.figure.Figure()).width == 640
    assert dict(matplotlib.rcParams) == settings
    assert plt.get_fignums() == []


def test_a_figure_that_is_too_large_is_drawn_with_fewer_dots() -> None:
    image = image_of(matplotlib.figure.Figure(figsize=(70, 7), dpi=100))
    assert (image.width, image.height) == (6000, 600)


def test_a_figure_that_cannot_be_drawn_is_told() -> None:
    made = figure()
    made.suptitle(r"$\frac{1}$")
    with pytest.raises(InvalidRequest, match=r"cannot draw this figure[^$]*\n.*frac"):
        image_of(made)


@pytest.mark.skipif(
    not (os.environ.get("CI") or shutil.which("chromium") or shutil.which("google-chrome")),
    reason="plotly draws its figures with a browser: install Chrome or Chromium",
)
def test_a_plotly_figure_is_drawn() -> None:
    import plotly.graph_objects

    image = image_of(plotly.graph_objects.Figure(plotly.graph_objects.Bar(y=[1, 2])))
    assert (image.type, image.width, image.height) == ("image/png", 700, 500)
    assert len(np.unique(pixels(image).reshape(-1, 3), axis=0)) > 2


def test_a_plotly_figure_that_cannot_be_drawn_says_what_to_install() -> None:
    told = run("""
import sys
sys.modules["kaleido"] = None
import plotly.graph_objects
from zhipu_magic.values.images.from_value import image_of
from zhipu_magic.text.errors import InvalidRequest
try:
    image_of(plotly.graph_objects.Figure())
except InvalidRequest as error:
    print(error)
""")
    assert told.startswith("plotly cannot draw this figure as an image: it needs kaleido and a browser.\npip install")
    assert told.count("\n") == 3


# PIL images.


@pytest.mark.parametrize(
    ("mode", "colour", "seen"),
    [
        ("1", 1, 255),
        ("L", 7, 7),
        ("LA", (7, 9), [7, 7, 7, 9]),
        ("La", (7, 255), [7, 7, 7]),
        ("RGB", (1, 2, 3), [1, 2, 3]),
        ("RGBA", (1, 2, 3, 4), [1, 2, 3, 4]),
        ("RGBA", (1, 2, 3, 255), [1, 2, 3]),
        ("CMYK", (0, 0, 0, 255), [0, 0, 0]),
        ("HSV", (0, 0, 255), [255, 255, 255]),
        ("YCbCr", (255, 128, 128), [255, 255, 255]),
    ],
)
def test_a_pil_image_of_any_mode_is_sent_in_colours_that_png_has(mode: str, colour: Any, seen: Any) -> None:
    assert pixels(image_of(PIL.Image.new(mode, (3, 2), colour)))[0, 0].tolist() == seen


@pytest.mark.parametrize("mode", ["I;16", "I;16B", "I", "F"])
def test_more_than_eight_bits_are_stretched_from_the_least_to_the_greatest(mode: str) -> None:
    picture = PIL.Image.new(mode, (3, 1))
    for place, value in enumerate([1000, 2000, 3000]):
        picture.putpixel((place, 0), value)
    assert pixels(image_of(picture)).tolist() == [[0, 128, 255]]


def test_a_palette_keeps_what_can_be_seen_through() -> None:
    plain = PIL.Image.fromarray(COLOURS).quantize(8)
    assert pixels(image_of(plain)).tolist() == np.asarray(plain.convert("RGB")).tolist()
    plain.info["transparency"] = plain.getpixel((0, 0))
    assert pixels(image_of(plain))[0, 0, 3] == 0


def test_what_pil_cannot_read_is_told(tmp_path: Path) -> None:
    file = tmp_path / "whole.png"
    file.write_bytes(encoded("PNG", noise(50, 50, 3))[:3000])
    with PIL.Image.open(file) as picture, pytest.raises(InvalidRequest, match="PIL image cannot be read"):
        image_of(picture)
    with pytest.raises(InvalidRequest, match="not finite"):
        image_of(PIL.Image.new("F", (1, 1), float("inf")))


def test_a_photograph_is_turned_upright_and_its_metadata_stays_at_home() -> None:
    exif = PIL.Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "my secret garden"
    photograph = encoded("JPEG", exif=exif, comment=b"secret too", quality=95)
    wanted = np.asarray(PIL.Image.open(io.BytesIO(encoded("JPEG", quality=95))))
    for value in (photograph, PIL.Image.open(io.BytesIO(photograph))):
        image = image_of(value)
        assert (image.type, image.width, image.height) == ("image/jpeg", 4, 6)
        assert np.abs(pixels(image).astype(int) - np.rot90(wanted, -1)).max() < 60
        assert b"secret" not in image.data and b"Exif" not in image.data


def test_an_image_of_the_users_is_left_as_it_was() -> None:
    picture = PIL.Image.open(io.BytesIO(encoded("PNG", dpi=(72, 72))))
    before = (picture.mode, picture.size, dict(picture.info))
    image_of(picture)
    assert (picture.mode, picture.size, dict(picture.info)) == before
    assert picture.getpixel((0, 0)) == (0, 1, 2)


# Arrays.


@pytest.mark.parametrize(
    ("array", "seen"),
    [
        (COLOURS, COLOURS),
        (COLOURS[::-1, ::2], COLOURS[::-1, ::2]),
        (COLOURS[..., 0], COLOURS[..., 0]),
        (COLOURS[..., :1], COLOURS[..., 0]),
        (np.dstack([COLOURS, COLOURS[..., 0]]), np.dstack([COLOURS, COLOURS[..., 0]])),
        (np.array([[True, False]]), [[255, 0]]),
        (np.array([[0.0, 0.5, 1.0]]), [[0, 128, 255]]),
        (np.array([[0.5, 0.5]], dtype="float16"), [[128, 128]]),
        (np.array([[-1.0, 0.0, 1.0]]), [[0, 128, 255]]),
        (np.array([[0.0, np.nan, 3.0, np.inf]]), [[0, 0, 255, 0]]),
        (np.array([[-1e308, 1e308]]), [[0, 255]]),
        (np.array([[7, 7]]), [[0, 0]]),
        (np.array([[1000, 3000]], dtype=">u2"), [[0, 255]]),
        (COLOURS.astype("int64"), COLOURS),
        (COLOURS.astype("int64") * 1000, np.round(COLOURS / 71 * 255)),
    ],
    ids=str,
)
def test_an_array_is_a_picture(array: Any, seen: Any) -> None:
    before = array.copy()
    assert pixels(image_of(array)).tolist() == np.asarray(seen).tolist()
    assert np.array_equal(array, before, equal_nan=True)


@pytest.mark.parametrize(
    ("array", "told"),
    [
        (np.zeros((3, 20, 30)), r"3 × 20 × 30 and dtype float64 .*\n.*transpose"),
        (np.zeros((20, 30, 2)), "20 × 30 × 2"),
        (np.zeros(5), "shape 5 "),
        (np.array(1.0), r"shape \(\)"),
        (np.zeros((0, 5)), "0 × 5"),
        (np.zeros((1, 5, 5, 3)), "1 × 5 × 5 × 3"),
        (np.zeros((2, 2), complex), "complex128"),
        (np.array([["a"]]), "<U1"),
        (np.array([[{}]]), "object"),
    ],
    ids=str,
)
def test_an_array_that_is_no_picture_is_refused_with_its_shape(array: Any, told: str) -> None:
    with pytest.raises(InvalidRequest, match=told):
        image_of(array)


# Bytes, files, addresses.


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_what_the_service_takes_goes_through_untouched_whichever_way_it_comes(kind: str, tmp_path: Path) -> None:
    data = encoded(kind)
    file = tmp_path / "看.picture"
    file.write_bytes(data)
    address = f"data:image/{kind.lower()};base64,{base64.b64encode(data).decode()}"
    for value in (data, bytearray(data), file, str(file), address, IPython.display.Image(data), image_of(data)):
        image = image_of(value)
        assert (image.data, image.type) == (data, f"image/{kind.lower()}")
        assert image.sha256 == hashlib.sha256(data).hexdigest()
        assert (image.width, image.height) == (6, 4)
        assert base64.b64decode(image.base64()) == data


@pytest.mark.parametrize("form", ["GIF", "WEBP", "BMP", "TIFF"])
def test_other_files_become_png_with_the_same_pixels(form: str) -> None:
    picture = PIL.Image.fromarray(COLOURS).quantize(256) if form == "GIF" else PIL.Image.fromarray(COLOURS)
    file = io.BytesIO()
    picture.save(file, form, **({"lossless": True} if form == "WEBP" else {}))
    image = image_of(file.getvalue())
    assert image.type == "image/png"
    assert pixels(image).tolist() == np.asarray(picture.convert("RGB")).tolist()


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_what_lost_its_end_or_hides_something_behind_it_does_not_go_as_it_is(form: str) -> None:
    data = encoded(form, noise(50, 50))
    with pytest.raises(InvalidRequest, match="cannot be read"):
        image_of(data[:-500])
    film = image_of(data + bytes(9000))
    assert film.type == f"image/{form.lower()}" and len(film.data) < 9000
    assert pixels(film).shape == (50, 50)


def test_a_path_may_begin_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "a.png").write_bytes(encoded("PNG"))
    assert image_of("~/a.png") == image_of(encoded("PNG"))


@pytest.mark.parametrize("text", ["no such file.png", "What is this?", "", "file:///etc/passwd", "a\0b", "x" * 5000])
def test_a_text_that_is_neither_a_file_nor_an_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest) as told:
        image_of(text)
    assert len(str(told.value)) < 500


def test_a_folder_and_a_file_that_is_no_picture_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="cannot be read"):
        image_of(tmp_path)
    (tmp_path / "table.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InvalidRequest, match="it is not PNG, JPEG"):
        image_of(tmp_path / "table.csv")


@pytest.mark.parametrize("cut", [8, 20, 40, 60])
@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "TIFF", "BMP"])
def test_bytes_that_are_not_whole_are_refused(form: str, cut: int) -> None:
    with pytest.raises(InvalidRequest):
        image_of(encoded(form, noise(40, 40))[:cut])


@given(st.sampled_from(["PNG", "JPEG", "GIF", "BMP", "TIFF"]), st.data())
def test_damaged_bytes_are_sent_or_refused_and_nothing_else(form: str, data: st.DataObject) -> None:
    damaged = bytearray(encoded(form))
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            image = image_of(bytes(damaged))
        except InvalidRequest as error:
            assert "0x" not in str(error)
        else:
            assert image.data.startswith((b"\x89PNG", b"\xff\xd8\xff"))


def test_an_address_is_not_fetched() -> None:
    image = image_of("https://user:secret@example.com:8443/a%20b/c.png?token=secret")
    assert (image.type, image.width, image.data, image.file_name) == ("", 0, b"", "")
    assert image.url == "https://user:secret@example.com:8443/a%20b/c.png?token=secret"
    assert image.describe() == "example.com/a%20b/c.png"
    assert image_of(IPython.display.Image(url=image.url)) == image != image_of("https://example.com/")


@pytest.mark.parametrize("text", ["https://", "http:///a.png", "https://example.com/a b.png", "http://[oops/a.png"])
def test_an_address_that_is_not_whole_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="not a complete address"):
        image_of(text)


@pytest.mark.parametrize(
    "text", ["data:image/png;base64,***", "data:image/png;base64,", "data:text/plain,hello", "data:"]
)
def test_a_data_address_without_a_picture_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="data: address"):
        image_of(text)


# Anything else that shows a picture.


class Shown:
    def __init__(self, shown: Any) -> None:
        self.shown = shown

    def _repr_png_(self) -> Any:
        if isinstance(self.shown, Exception):
            raise self.shown
        return self.shown


def test_what_shows_itself_as_a_picture_is_one() -> None:
    data = encoded("PNG")
    for shown in (data, (data, {"width": 3}), base64.b64encode(data).decode()):
        assert image_of(Shown(shown)).data == data

    class Photograph:
        def _repr_png_(self) -> None:
            return None

        def _repr_jpeg_(self) -> bytes:
            return encoded("JPEG")

    assert image_of(Photograph()).type == "image/jpeg"


def test_what_fails_to_show_itself_is_named() -> None:
    with pytest.raises(InvalidRequest, match=r"Shown cannot be shown as an image.\nno graph"):
        image_of(Shown(RuntimeError("no graph")))


@pytest.mark.parametrize(("value", "name"), [({}, "dict"), (None, "NoneType"), (Shown, "type"), (Shown(None), "Shown")])
def test_what_is_no_picture_is_refused_by_the_name_of_its_type(value: Any, name: str) -> None:
    with pytest.raises(InvalidRequest, match=f"{name} cannot be sent as an image.\nGive a matplotlib"):
        image_of(value)


# Limits.


def test_a_picture_with_too_many_pixels_is_scaled_down_in_proportion() -> None:
    wide = image_of(np.zeros((20, 12_000, 3), dtype=np.uint8))
    assert (wide.type, wide.width, wide.height) == ("image/png", 6000, 10)
    assert pixels(image_of(encoded("PNG", np.zeros((9000, 2), dtype=np.uint8)))).shape == (6000, 1)


def test_a_picture_with_too_many_bytes_becomes_a_jpeg_that_fits() -> None:
    image = image_of(noise(1300, 1400, 3))
    assert (image.type, image.width, image.height) == ("image/jpeg", 1400, 1300)
    assert len(image.data) <= 5_000_000

    smaller = image_of(noise(2600, 2600, 3))
    assert smaller.type == "image/jpeg"
    assert 2_000_000 < len(smaller.data) <= 5_000_000
    assert 1500 < smaller.width == smaller.height < 2600


def test_what_can_be_seen_through_lies_on_white_in_a_jpeg() -> None:
    array = np.dstack([noise(1200, 1400, 3), np.zeros((1200, 1400), dtype=np.uint8)])
    array[0, 0, 3] = 1
    image = image_of(array)
    assert image.type == "image/jpeg"
    assert pixels(image).min() > 200


def test_a_picture_that_unpacks_to_far_more_than_it_seems_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    header = struct.pack(">II5B", 30_000, 30_000, 8, 2, 0, 0, 0)
    bomb = bytearray(encoded("PNG"))
    bomb[16:33] = header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    for most in (PIL.Image.MAX_IMAGE_PIXELS, 800_000_000):
        monkeypatch.setattr(PIL.Image, "MAX_IMAGE_PIXELS", most)
        with pytest.raises(InvalidRequest, match="million pixels"):
            image_of(bytes(bomb))


def test_the_same_pixels_make_the_same_picture() -> None:
    first, again = image_of(COLOURS), image_of(PIL.Image.fromarray(COLOURS))
    assert first == again and first.data == again.data and hash(first) == hash(again)
    assert first == image_of(encoded("BMP"))
    assert first != image_of(COLOURS.transpose(1, 0, 2))
    assert first != COLOURS.tobytes()


# In a journal.


def test_a_journal_tells_it_and_gives_it_back(tmp_path: Path) -> None:
    image = image_of(noise(40, 50, 3))
    (tmp_path / image.file_name).write_bytes(image.data)
    entry = json.loads(json.dumps(image.to_json()))
    assert entry == {"sha256": image.sha256, "type": "image/png", "width": 50, "height": 40}

    back = from_json(entry, tmp_path)
    assert back == image and back.describe() == image.describe() == "PNG, 50 × 40, 7 kB"
    (tmp_path / image.file_name).write_bytes(image.data)
    assert back.data == image.data
    (tmp_path / image.file_name).unlink()
    assert back.data == image.data

    remote = image_of("https://example.com/a.png")
    assert remote.to_json() == {"url": "https://example.com/a.png"}
    assert from_json(remote.to_json(), tmp_path) == remote


def test_a_picture_that_is_gone_from_the_journals_folder_says_what_to_do(tmp_path: Path) -> None:
    gone = from_json({"sha256": "a" * 64, "type": "image/jpeg"}, tmp_path)
    assert gone.describe() == "JPEG, missing"
    with pytest.raises(JournalError, match=rf"{'a' * 64}\.jpg.*\n.*chat\.history\.undo") as told:
        _ = gone.data
    assert str(tmp_path) not in str(told.value)


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"sha256": "../" * 20 + "etc/passwd", "type": "image/png"},
        {"sha256": "a" * 64 + "\n", "type": "image/png"},
        {"sha256": "A" * 64, "type": "image/png"},
        {"sha256": "a" * 64, "type": "image/../../x"},
        {"sha256": ["a" * 64], "type": "image/png"},
        {"sha256": "a" * 64, "type": "image/png", "url": "file:///etc/passwd"},
        {"url": "ftp://example.com/a.png"},
    ],
)
def test_a_journal_cannot_name_a_file_elsewhere(entry: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="describes a picture in a form that is not valid"):
        from_json(entry, tmp_path)


@pytest.mark.parametrize("size", [{}, {"width": -1, "height": 5}, {"width": "9", "height": None}])
def test_a_size_that_is_not_known_counts_as_the_most_tokens(size: dict[str, Any], tmp_path: Path) -> None:
    assert from_json({"sha256": "a" * 64, "type": "image/png", **size}, tmp_path).tokens == 1600


@pytest.mark.parametrize(("side", "tokens"), [(1, 64), (280, 100), (281, 121), (3000, 1600)])
def test_tokens_are_estimated_from_the_size(side: int, tokens: int) -> None:
    assert image_of(np.zeros((side, side), dtype=np.uint8)).tokens == tokens


# What is imported.


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_nothing_is_imported_that_the_notebook_has_not() -> None:
    png = base64.b64encode(encoded("PNG")).decode()
    told = run(f"""
import base64, sys
from zhipu_magic.values.images.from_value import image_of
from zhipu_magic.text.errors import InvalidRequest
image_of(base64.b64decode("{png}"))
try:
    image_of([])
except InvalidRequest:
    print([name for name in ("PIL", "numpy", "matplotlib", "plotly", "IPython", "zhipuai") if name in sys.modules])
""")
    assert told == "[]\n"


def test_without_pillow_a_png_still_goes_and_the_rest_says_what_to_install() -> None:
    png, gif = (base64.b64encode(encoded(form)).decode() for form in ("PNG", "GIF"))
    told = run(f"""
import base64, sys
sys.modules["PIL"] = None
from zhipu_magic.values.images.from_value import image_of
from zhipu_magic.text.errors import InvalidRequest
print(image_of(base64.b64decode("{png}")).width)
try:
    image_of(base64.b64decode("{gif}"))
except InvalidRequest as error:
    print(error)
""")
    assert told == "6\nThese bytes cannot be sent as an image without Pillow.\npip install pillow\n"


# In a reference.


def test_a_figure_or_a_picture_reads_as_an_image() -> None:
    import plotly.graph_objects

    from zhipu_magic.values.rendering import renderers

    made, of_plotly = figure(), plotly.graph_objects.Figure
    picture, drawn = PIL.Image.fromarray(COLOURS), IPython.display.Image(encoded("PNG"))
    for value in (made, made.axes[0], picture, drawn, image_of(picture)):
        assert renderers.rendered(value, 100).images == (image_of(value),)
    assert renderers.render.dispatch(of_plotly) is renderers.render.dispatch(type(picture))


def test_what_a_user_has_registered_for_a_picture_goes_first() -> None:
    told = run("""
from PIL.Image import Image, new
from zhipu_magic.values.rendering.renderers import render, rendered
render.register(Image, lambda picture, tokens: f"{picture.width} wide")
print(rendered(new("L", (7, 5)), 100).text)
""")
    assert told == "7 wide\n"


@pytest.mark.filterwarnings("error")
def test_a_figure_is_drawn_without_a_warning_of_matplotlibs() -> None:
    figure = pytest.importorskip("matplotlib.figure", reason="draws a figure").Figure()
    figure.add_subplot().set_title("茶")
    assert image_of(figure).width


# Heads of JPEG files, and what a service has drawn.


def jpeg(*segments: bytes) -> bytes:
    """A JPEG with these segments after its first two bytes."""
    data = encoded("JPEG")
    return data[:2] + b"".join(segments) + data[2:]


def application(content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, 0xE1, len(content) + 2) + content


@pytest.mark.parametrize(
    "segment",
    [
        b"\xff\xff",
        application(b"http://ns.adobe.com/xap/1.0/\0<x/>"),
        application(b"Exif\0\0II*\0\x08\0\0\0\1\0" + struct.pack("<HHIH", 0x010E, 2, 1, 0)),
        application(b"Exif\0\0MM\0*\xff\xff\xff\xff"),
        application(b"Exif\0\0??"),
    ],
)
def test_a_jpeg_that_nothing_says_to_turn_goes_as_it_is(segment: bytes) -> None:
    data = jpeg(segment)
    assert image_of(data).data == data


def test_a_jpeg_with_a_damaged_head_is_refused() -> None:
    flat = bytearray(encoded("JPEG"))
    place = flat.index(b"\xff\xc0") + 5
    flat[place : place + 2] = b"\0\0"
    for data in (jpeg(application(b"x"), b"\0\0"), bytes(flat)):
        with pytest.raises(InvalidRequest, match="damaged"):
            image_of(data)


@pytest.mark.parametrize(
    ("data", "with_pillow"),
    [
        (encoded("WEBP", np.zeros((1, 9_000, 3), np.uint8)), True),
        (encoded("WEBP"), False),
        (encoded("PNG")[:-12], False),
        (encoded("PNG", np.zeros((1, 9_000, 3), np.uint8)), False),
    ],
)
def test_what_was_drawn_is_no_picture(data: bytes, with_pillow: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not with_pillow:
        monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(ServiceError, match=r"no picture|WebP, which needs Pillow"):
        drawn(data)


def test_what_was_drawn_is_kept_as_it_came_and_webp_as_png(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawn(encoded("WEBP")).type == "image/png"
    data = encoded("PNG")
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    assert drawn(data).data == data
