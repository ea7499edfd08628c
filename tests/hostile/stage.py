"""A notebook in which every text that comes from outside is an attack, and everything that can be shown of it."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas
from in_process import Cell, Page

from zhipu_magic.practice import CUT, Answer, Fault, PracticeServer, Raw, chunk, sse, tool_call

#: What each command is given, `WORD` being the attack without its spaces. All are there, and a new one has to be.
COMMAND_LINES = {
    "ask": ["ask What is it?"],
    "login": [],
    "practice": ["practice", "practice off"],
    "model": ["model", "model WORD"],
    "models": ["models"],
    "version": ["version"],
    "language": ["language", "language zh", "language en", "language auto"],
    "system": ["system"],
    "thread": ["thread", "thread WORD", "thread main"],
    "threads": ["threads"],
    "fork": ["fork WORD2", "thread main"],
    "budget": ["budget", "budget 9000 yuan", "budget"],
    "keep": ["keep WORD", "keep glm"],
    "history": ["history", "history --full", "history --all", "history 1"],
    "show": ["show", "show 1", "show 2", "show 3", "show 4", "show 5"],
    "retry": ["retry"],
    "continue": ["continue"],
    "undo": ["undo", "undo 2"],
    "redo": ["redo 3", "redo"],
    "reset": ["reset", "undo"],
    "restore": ["restore", "restore 1"],
    "insert": ["insert", "insert 1"],
    "fix": ["fix", "fix 1"],
    "explain": ["explain", "explain 1"],
    "tools": ["tools", "tools add weather", "tools remove WORD", "tools remove weather", "tools WORD"],
    "rows": ["rows", "rows WORD"],
    "collect": ["collect", "collect WORD"],
    "cancel": ["cancel"],
    "jobs": ["jobs"],
    "wait": ["wait", "wait 1", "wait 2", "wait WORD"],
    "stop": ["stop", "stop 1", "stop WORD"],
    "journal": ["journal", "journal FOLDER/WORD.jsonl"],
    "resume": ["resume", "resume FOLDER/WORD.jsonl", "resume --earlier"],
    "export": ["export FOLDER/WORD.md", "export FOLDER/WORD.md --force", "export WORD"],
    "usage": ["usage"],
    "help": ["help", "help WORD", "help show"],
}


def word_of(attack: str) -> str:
    """The attack as one word, such as a thread's or a model's name."""
    return re.sub(r"\s", "/", attack).replace("'", "`")


@dataclass
class Stage:
    """Runs cells and keeps what each has shown."""

    page: Page
    server: PracticeServer
    attack: str
    cells: list[Cell] = field(default_factory=list)

    def run(self, code: str, *replies: Any, cell: str | None = None) -> Cell:
        self.server.enqueue(*replies)
        done = self.page.run(code, cell)
        self.cells.append(done)
        return done

    @property
    def bundles(self) -> list[dict[str, Any]]:
        return [message["data"] for cell in self.cells for message in cell.messages]

    def converse(self) -> None:
        """Turns of every kind, whose prompts, replies, calls, sources and errors are the attack."""
        attack, word = self.attack, word_of(self.attack)
        magics = self.page.magics
        self.page.names["weather"] = _tool(attack)
        self.page.names["text"] = attack
        magics.chat.system = attack
        found = {"title": attack, "link": attack, "media": attack, "publish_date": attack, "refer": "ref_1"}
        sources = {"web_search": [found, {**found, "link": f"http://a.example/{attack}"}, {"link": attack}]}
        cited = f"{attack}[ref_1]{attack}"
        self.run(f"%%glm --search -b r\n{attack}", Answer(cited, reasoning=attack, id=attack, extra=sources))
        self.run(
            f"%%glm --tool weather\n{attack}\n{{{{ text }}}} {{{{ weather({json.dumps(attack)}) }}}}",
            Answer(f"$$ {attack}", tool_calls=(tool_call("weather", {"city": attack, attack: attack}, id="1"),)),
            Answer(
                f"```html\n{attack}\n```\n$$",
                tool_calls=(tool_call("weather", {"city": attack}, id="2"), tool_call(word, {attack: attack}, id="3")),
            ),
            Answer(f"{attack}\n\n```html\n{attack}\n```", extra=sources),
        )
        self.run(f"%%glm --as list[str] -o names\n{attack}", Answer(json.dumps([attack])))
        self.run(f"%%glm --as list[int]\n{attack}", Answer(attack), Answer(attack))
        self.run(f"%%glm\n{attack}", Answer(attack, finish_reason=word))
        self.run(f"%%glm\n{attack}", Fault(400, attack, attack, {"Retry-After": "1"}, {"request_id": attack}))
        self.run(f"%%glm --preview --tool weather\n{attack}")
        self.run(f"%%glm -t {shlex.quote(word)} -m {shlex.quote(word)}\n{attack}", Answer(attack))
        self.run(f"%%glm --once\n{attack}", Raw((sse(chunk(attack)), CUT)))
        self._by_code()
        self._in_background()
        self._over_tables()
        self._documents()
        self._drawings()
        self._with_outputs()
        self.run(f"%%glm\n{attack}", Answer(attack, finish_reason="length"))

    def _by_code(self) -> None:
        """Code that shows the attack in every form that an output can have."""
        attack = self.attack
        forms = ("text/html", "text/markdown", "text/latex", "image/svg+xml", "image/png", "application/javascript")
        shows = "".join(
            f"get_ipython().display_pub.publish({ {form: data, 'text/plain': attack}!r})\n"
            for form in forms
            for data in (attack, f"<table onclick={attack}><tr><td>{attack}</td></tr></table>{attack}")
        )
        code = f"# {attack}\nimport sys\nprint({attack!r})\nprint({attack!r}, file=sys.stderr)\n{shows}"
        calls = (
            tool_call("python", {"code": code}, id="1"),
            tool_call("python", {"code": f"globals()[{attack!r}] = 1\nraise ValueError({attack!r})"}, id="2"),
            tool_call("python", {"code": attack}, id="3"),
        )
        for tool in ("python!", "python"):
            self.run(f"%%glm --tool {tool}\n{attack}", Answer(attack, tool_calls=calls), Answer(attack), cell=tool)
        self.page.names.pop(attack, None)

    def _in_background(self) -> None:
        """Replies that nothing waits for, whole, broken and refused, where they are shown in place and elsewhere."""
        attack = self.attack
        refused = Fault(400, attack, attack, extra={"request_id": attack})
        for cell in (None, "a cell"):
            for reply in (Answer(attack, reasoning=attack), Raw((sse(chunk(attack)), CUT)), refused):
                self.run(f"%%glm --bg --once\n{attack}", reply, cell=cell and f"{cell} {reply!r}")
                self.run("%glm wait", cell=cell)
        self.run(f"%%glm --bg\n{attack}", refused)
        self.run(f"%%glm\n{attack}")

    def _with_outputs(self) -> None:
        """A cell that has shown the attack in every form: nobody sees that here but the model."""
        attack = self.attack
        self.run("shown = 1", cell="shows")
        look, request = self.page.session.outputs.recorder.look, self.page.shell.request["header"]["msg_id"]
        look("stream", request, {"name": attack, "text": attack})
        for kind in (
            "text/plain",
            "text/html",
            "text/markdown",
            "image/png",
            "image/svg+xml",
            "application/json",
            attack,
        ):
            look("display_data", request, {"data": {kind: attack}})
        look("error", request, {"ename": attack, "evalue": attack, "traceback": [attack]})
        told = {
            "version": 1,
            "cells": ["a"],
            "above": [{"cell": "shows"}, {"cell": attack, "text": attack, "tags": [attack]}],
        }
        for line in ("%%glm --above --preview", "%%glm --above", "%%glm --once --above 1"):
            self.server.enqueue(Answer(attack))
            self.cells.append(self.page.run(f"{line}\n{{{{ out }}}} {{{{ cell[-1] }}}}", told=told))

    def _over_tables(self) -> None:
        """Tables whose columns, rows and answers are the attack, and whose rows are refused in its words."""
        attack, names = self.attack, self.page.names
        names["records"] = [{"text": attack, attack: attack}, {"text": f"{attack}2", attack: None}]
        names["frame"] = pandas.DataFrame(names["records"])
        refused = Fault(400, attack, attack, extra={"request_id": attack})
        template = f"{attack.replace('{', '(')} {{{{ text }}}}"
        for table in ("records", "frame"):
            self.run(f"%%glm --each {table} --preview\n{template}")
            self.run(f"%%glm --each {table} -o done\n{template} {table}", Answer(attack), refused)
            self.run("%%glm --each done -b mapped\nAgain, {{ answer }}", Answer(attack), Answer(attack))
            self.run("mapped")
            self.run("mapped.errors")
        self.run(f"%%glm --each records --bg\nLater, {template}", Answer(attack), Answer(attack))
        self.run("%glm wait")
        self.run(f"%%glm --each records {shlex.quote(word_of(attack))}\n{template}")
        self.run(f"%%glm --each {shlex.quote(word_of(attack))}\n{template}")

    def _documents(self) -> None:
        """What the service reads at an address, in the words of the attack, and a file that has its name."""
        attack = self.attack
        found = json.dumps({"reader_result": {"title": attack, "content": attack}}).encode()
        self.server.disturb("POST /reader", Raw((found,), headers={"Content-Type": "application/json"}))
        self.run(f"%%glm --file https://a.example/{word_of(attack)}\n{attack}", Answer(attack))
        self.run(f"%%glm --preview --file https://a.example/x\n{attack}")
        self.run(f"%%glm --file {shlex.quote(attack)}\n{attack}")

    def _drawings(self) -> None:
        """Pictures whose prompts, models, addresses and refusals are the attack."""
        attack, word = self.attack, word_of(self.attack)
        json_type = {"Content-Type": "application/json"}
        answers: list[Any] = [
            {"data": [{"url": f"http://a.example/{word}"}], "created": attack},
            {"data": [], "content_filter": [{"role": attack, "level": attack}]},
            {"data": [{"url": attack, "b64_json": attack}]},
        ]
        refused = Fault(400, attack, attack, extra={"request_id": attack})
        disturbances = [refused, *(Raw((json.dumps(one).encode(),), headers=json_type) for one in answers)]
        self.run(f"%%glm --draw 512x512 -b drawn\n{attack} {{{{ text }}}}")
        self.run("drawn")
        self.run(f"%%glm --draw 512x512 --preview\n{attack}")
        self.run(f"%%glm --draw -m {shlex.quote(word)}\n{attack}")
        self.run(f"%%glm --draw {shlex.quote(word)}\n{attack}")
        for one in disturbances:
            self.server.disturb("POST /images/generations", one)
            self.run(f"%%glm --draw\n{attack}")

    def command(self, line: str, folder: Path) -> None:
        word = word_of(self.attack)
        name = re.sub(r"[/\\]", "_", word)
        line = line.replace("FOLDER/WORD", f"{folder}/{name}").replace("WORD", word)
        self.run(
            f"%glm {line}",
            *([Answer(self.attack)] if line.split()[0] in ("ask", "retry", "continue", "fix", "explain") else []),
        )


def _tool(attack: str) -> Any:
    def weather(city: str) -> str:
        if city == "fail":
            raise ValueError(attack)
        return attack

    weather.__doc__ = attack
    return weather
