"""Images in a conversation: on the wire, in the journal, in later turns."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import pytest
from in_process import Page
from PIL import Image as PIL

from zhipu_magic import Chat
from zhipu_magic.practice import Answer, PracticeServer
from zhipu_magic.text.errors import InvalidRequest, JournalError, NotRecorded

EYES = "glm-5.3-flash"


def picture(colour: str = "red", size: tuple[int, int] = (8, 6)) -> PIL.Image:
    return PIL.new("RGB", size, colour)


def png(image: PIL.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def parts(server: PracticeServer, place: int = -1) -> list[dict[str, Any]]:
    content = server.requests[-1].body["messages"][place]["content"]
    assert isinstance(content, list)
    return content


def colour(part: dict[str, Any]) -> tuple[int, int, int]:
    """The colour of the image that was sent."""
    image = PIL.open(io.BytesIO(base64.b64decode(part["image_url"]["url"])))
    pixel = image.convert("RGB").getpixel((0, 0))
    assert isinstance(pixel, tuple)
    return (int(pixel[0]), int(pixel[1]), int(pixel[2]))


RED, BLUE = (255, 0, 0), (0, 0, 255)


def test_an_image_goes_with_the_prompt(chat: Chat, server: PracticeServer) -> None:
    assert chat.ask("What is this?", images=[picture()], model=EYES).text
    image, text = parts(server)
    assert (image["type"], colour(image)) == ("image_url", RED)
    assert text == {"type": "text", "text": "What is this?"}


def test_a_reference_to_an_image_leaves_a_mark_in_the_text(page: Page, server: PracticeServer) -> None:
    page.names.update(one=picture("red"), two=picture("blue"))
    assert page.run(f"%%glm -m {EYES}\nCompare {{{{ one }}}} with {{{{ two }}}}.").success
    first, second, text = parts(server)
    assert (colour(first), colour(second)) == (RED, BLUE)
    assert text["text"] == "Compare [image 1: one] with [image 2: two]."


def test_the_option_takes_variables_files_and_addresses(page: Page, server: PracticeServer, tmp_path: Path) -> None:
    page.names["shown"] = {"pictures": [picture("blue")]}
    path = tmp_path / "red one.png"
    path.write_bytes(png(picture()))
    address = "https://example.org/picture.png"
    line = f"""%%glm -m {EYES} --image 'shown["pictures"][0]' --image "{path}" --image {address}"""
    assert page.run(f"{line}\nWhat are these?").success
    first, second, third, _ = parts(server)
    assert (colour(first), colour(second)) == (BLUE, RED)
    assert third["image_url"]["url"] == address


def test_an_image_that_is_nowhere_fails_the_cell(page: Page, server: PracticeServer) -> None:
    page.names["figure"] = 3
    for name in ("nowhere.png", "figure", "figur"):
        assert not page.run(f"%%glm -m {EYES} --image {name}\nWhat?").success
    assert server.requests == []


def test_figures_of_matplotlib_are_images(page: Page, server: PracticeServer) -> None:
    page.run("import matplotlib\nmatplotlib.use('agg')\nfrom matplotlib.figure import Figure")
    page.run("fig = Figure(figsize=(2, 1), dpi=50)\nax = fig.add_subplot()\nax.plot([1, 2])")
    assert page.run(f"%%glm -m {EYES}\n{{{{ fig }}}}").success
    image, _ = parts(server)
    assert PIL.open(io.BytesIO(base64.b64decode(image["image_url"]["url"]))).size == (100, 50)


def test_a_model_without_eyes_is_named_with_those_that_have_them(page: Page, server: PracticeServer) -> None:
    page.names["one"] = picture()
    cell = page.run("%%glm -m glm-4.7\nWhat is {{ one }}?")
    assert isinstance(cell.error, InvalidRequest)
    assert "glm-4.7 cannot see images" in str(cell.error)
    assert EYES in str(cell.error)
    assert server.requests == []


def test_a_model_without_eyes_is_not_shown_what_an_earlier_turn_held(page: Page, server: PracticeServer) -> None:
    page.names["one"] = picture()
    assert page.run(f"%%glm -m {EYES}\nWhat is {{{{ one }}}}?").success
    cell = page.run("%%glm -m glm-4.7\nSure?")
    assert cell.success
    assert server.requests[-1].body["messages"][0] == {"role": "user", "content": "What is [image 1: one]?"}
    assert "1 image of an earlier turn was left out: glm-4.7 cannot see." in cell.plain(1)
    assert page.run(f"%%glm -m {EYES}\nAnd now?").success
    assert colour(parts(server, 0)[0]) == RED


def test_the_same_picture_goes_out_once(page: Page, server: PracticeServer) -> None:
    page.names["one"] = picture()
    assert page.run(f"%%glm -m {EYES} --image one\nWhat is {{{{ one }}}}?").success
    assert len(parts(server)) == 2


def test_python_takes_one_image_as_well(chat: Chat, server: PracticeServer, tmp_path: Path) -> None:
    path = tmp_path / "red.png"
    path.write_bytes(png(picture()))
    for one in (picture(), str(path), path, png(picture())):
        assert chat.ask("What is this?", images=one, model=EYES, once=True).text
        assert colour(parts(server)[0]) == RED


def test_a_model_that_nobody_knows_is_asked(server: PracticeServer, chat: Chat) -> None:
    server.enqueue(Answer("red"))
    assert chat.ask("What is this?", images=[picture()], model="glm-4.6v").text == "red"


def test_later_turns_show_it_again(chat: Chat, server: PracticeServer) -> None:
    chat.model = EYES
    assert chat.ask("What is this?", images=[picture()]).text
    assert chat.ask("Sure?").text
    assert colour(parts(server, 0)[0]) == RED
    assert isinstance(chat.thread().messages[0]["content"][0]["image_url"]["url"], str)


def test_other_servers_get_data_urls(monkeypatch: pytest.MonkeyPatch) -> None:
    from zhipu_magic.service.api_key import ApiKey
    from zhipu_magic.service.endpoint import Endpoint

    def takes(url: str) -> bool:
        return Endpoint(url, ApiKey("k"), "").profile.data_urls

    assert takes("http://127.0.0.1:11434/v1")
    assert takes("https://example.org/v1")
    assert not takes("https://open.bigmodel.cn/api/paas/v4")
    assert not takes("https://api.z.ai/api/paas/v4")


# The journal


def journaled(server: PracticeServer, path: Path) -> Chat:
    return Chat(model=EYES, base_url=server.base_url, api_key=server.api_key, journal=path)


def test_the_journal_keeps_an_image_once_beside_itself(server: PracticeServer, tmp_path: Path) -> None:
    path = tmp_path / "talk.jsonl"
    chat = journaled(server, path)
    assert chat.ask("What is this?", images=[picture()]).text
    assert chat.ask("And this?", images=[picture(), picture("blue")]).text
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    told = [image["sha256"] for line in lines for image in line.get("images", ())]
    assert len(told) == 3
    files = sorted(file.name for file in (tmp_path / "images").iterdir())
    assert files == sorted({f"{name}.png" for name in told})
    assert len(path.read_bytes()) < 10_000
    loaded = Chat.load(path, base_url=server.base_url, api_key=server.api_key)
    assert loaded.thread().messages == chat.thread().messages
    assert loaded.ask("Sure?").text
    assert colour(parts(server, 0)[0]) == RED
    chat.close()
    loaded.close()


def test_a_replay_knows_the_picture_by_its_pixels(server: PracticeServer, tmp_path: Path) -> None:
    path = tmp_path / "talk.jsonl"
    chat = journaled(server, path)
    server.enqueue(Answer("red"))
    assert chat.ask("What is this?", images=[picture()]).text == "red"
    chat.close()
    again = Chat(model=EYES, journal=path, replay="only")
    assert again.ask("What is this?", images=[picture()]).text == "red"
    other = Chat(model=EYES, journal=path, replay="only")
    with pytest.raises(NotRecorded, match=r"Recorded.*image"):
        other.ask("What is this?", images=[picture("blue")])


def test_an_image_that_is_gone_is_told_when_it_is_needed(server: PracticeServer, tmp_path: Path) -> None:
    path = tmp_path / "talk.jsonl"
    chat = journaled(server, path)
    assert chat.ask("What is this?", images=[picture()]).text
    chat.close()
    for file in (tmp_path / "images").iterdir():
        file.unlink()
    loaded = Chat.load(path, base_url=server.base_url, api_key=server.api_key)
    with pytest.raises(JournalError, match="undo"):
        _ = loaded.ask("Sure?").text
    loaded.history.undo()
    assert loaded.ask("hello").text
    loaded.close()


def test_a_saved_journal_has_its_images(server: PracticeServer, tmp_path: Path) -> None:
    chat = Chat(model=EYES, base_url=server.base_url, api_key=server.api_key)
    assert chat.ask("What is this?", images=[picture()]).text
    there = tmp_path / "there" / "saved.jsonl"
    chat.save(there)
    assert Chat.load(there).thread().messages == chat.thread().messages
    chat.history.journal.move(tmp_path / "elsewhere" / "moved.jsonl")
    assert list((tmp_path / "elsewhere" / "images").iterdir())
    chat.close()


def test_a_resumed_journal_that_moves_takes_its_images_along(server: PracticeServer, tmp_path: Path) -> None:
    path = tmp_path / "one" / "talk.jsonl"
    chat = journaled(server, path)
    assert chat.ask("What is this?", images=[picture()]).text
    chat.close()
    later = Chat(model=EYES, base_url=server.base_url, api_key=server.api_key)
    later.history.resume(path)
    later.history.journal.move(tmp_path / "two" / "talk.jsonl")
    assert later.ask("Sure?").text
    assert Chat.load(tmp_path / "two" / "talk.jsonl").thread().messages == later.thread().messages
    later.close()


def test_history_and_preview_describe_the_image(page: Page, server: PracticeServer) -> None:
    page.names["one"] = picture()
    assert "PNG, 8 × 6" in page.run(f"%%glm --preview -m {EYES}\nWhat is {{{{ one }}}}?").plain()
    assert page.run(f"%%glm -m {EYES}\nWhat is {{{{ one }}}}?").success
    assert "image 1: PNG, 8 × 6" in page.run("%glm history --full").plain()


@pytest.mark.parametrize("form", [".md", ".json", ".py", ".ipynb"])
def test_an_exported_thread_holds_its_images(page: Page, server: PracticeServer, tmp_path: Path, form: str) -> None:
    page.names["one"] = picture()
    assert page.run(f"%%glm -m {EYES}\nWhat is {{{{ one }}}}?").success
    file = tmp_path / f"talk{form}"
    assert page.run(f"%glm export {file}").success
    encoded = page.magics.chat.thread().messages[0]["content"][0]["image_url"]["url"]
    assert encoded in file.read_text().replace('"\n    "', "").replace("\\\n", "")


def test_a_file_may_be_named_like_a_variable(
    page: Page, server: PracticeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photo.png").write_bytes(png(picture()))
    page.names["photo"] = 3
    assert page.run(f"%%glm -m {EYES} --image photo.png\nWhat is this?").success
    assert colour(parts(server)[0]) == RED


def test_a_journal_that_stands_on_another_has_its_images_too(server: PracticeServer, tmp_path: Path) -> None:
    first = journaled(server, tmp_path / "a" / "talk.jsonl")
    assert first.ask("What is this?", images=[picture()]).text
    assert first.ask("And this?", images=[picture("blue")]).text
    first.history.undo()
    first.close()
    second = Chat.load(
        tmp_path / "a" / "talk.jsonl",
        journal=tmp_path / "b" / "talk.jsonl",
        base_url=server.base_url,
        api_key=server.api_key,
    )
    assert second.ask("Sure?").text
    second.save(tmp_path / "c" / "talk.jsonl")
    for folder in "bc":
        assert len(list((tmp_path / folder / "images").iterdir())) == 2
    second.close()


def test_a_damaged_entry_of_an_image_costs_its_line_alone(server: PracticeServer, tmp_path: Path) -> None:
    path = tmp_path / "talk.jsonl"
    chat = journaled(server, path)
    assert chat.ask("What is this?", images=[picture()]).text
    assert chat.ask("Thanks").text
    chat.close()
    path.write_text(path.read_text().replace("image/png", "image/webp"))
    told: list[str] = []
    loaded = Chat.load(path, warn=told.append)
    assert [turn.prompt for turn in loaded.thread().turns] == ["Thanks"]
    assert "makes no sense" in told[0]


@pytest.mark.parametrize("odd", ["http://[", "https://", "http://a b", "no_such_thing.png", "http:x"])
def test_what_is_no_image_is_refused_in_one_sentence(page: Page, server: PracticeServer, odd: str) -> None:
    cell = page.run(f"%%glm -m {EYES} --image '{odd}'\nWhat is this?")
    assert isinstance(cell.error, InvalidRequest)
    assert server.requests == []
