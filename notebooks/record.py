"""Records the notebooks anew, in both languages: `python notebooks/record.py [NOTEBOOK...]`; `make notebooks` runs it.

In the place of the model is the practice server, which gives the replies of `answers` and `answers_zh` over real HTTP.
The rows of a table are asked in any order, so the replies in `tables.ipynb` are a file of prompts and replies. The
notebooks that practise by themselves have the practice server's own words.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import answers
import answers_zh

from zhipu_magic.notebook.runner import record
from zhipu_magic.practice import Answer, PracticeServer
from zhipu_magic.text.languages.language import LANGUAGE_VARIABLE

HERE = Path(__file__).parent
#: The folder of each language's notebooks.
FOLDERS: Mapping[str, Path] = {"en": HERE, "zh": HERE / "zh"}
ANSWERS: Mapping[str, Mapping[str, Sequence[Answer]]] = {"en": answers.ANSWERS, "zh": answers_zh.ANSWERS}
#: Files of prompts and replies (see docs/practice.md), and how many requests the server takes at once meanwhile.
SCRIPTS: Mapping[str, str] = {"tables": "data/reviews.yaml"}
LIMIT = 5
#: Notebooks that begin with `%glm practice`.
PRACTISING = ("quickstart", "conversation")
NAMES = (*PRACTISING, *answers.ANSWERS, *SCRIPTS)
#: Chunks a second: so that the times which the page shows are those of a model, and not zero.
PACE = 40.0


def main(paths: Sequence[Path]) -> int:
    """Record these notebooks, or all; gives the exit status."""
    return max(
        record_with_answers(path, language)
        for language, folder in FOLDERS.items()
        for path in (paths or [folder / f"{name}.ipynb" for name in NAMES])
        if path.resolve().parent == folder.resolve()
    )


def record_with_answers(path: Path, language: str, pace: float = PACE) -> int:
    """Record a notebook, which may be a copy, with a server in the model's place; gives the exit status.

    `pace` is in chunks a second; 0 is as fast as they go.
    """
    replies, script = ANSWERS[language].get(path.stem, ()), SCRIPTS.get(path.stem)
    with PracticeServer(pace=pace, api_key="answers.notebooks") as server:
        server.enqueue(*replies)
        if script is not None:
            server.limit = LIMIT
            server.read_script(FOLDERS[language] / script)
        os.environ.update({LANGUAGE_VARIABLE: language, "ZHIPUAI_API_KEY": server.api_key})
        os.environ["ZHIPUAI_BASE_URL"] = server.base_url
        os.environ.pop("ZHIPU_MAGIC_MODEL", None)
        status = record(path)
        asked = len(server.requests)
    if status == 0 and script is None and asked != len(replies):
        print(f"{path.name} asked {asked} times, and there are {len(replies)} answers for it.")
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main([Path(argument) for argument in sys.argv[1:]]))
