"""The sentences of errors and notices, read from the code of the package: each with the reason that it is known by."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import zhipu_magic

PACKAGE = Path(zhipu_magic.__file__).parent


class Sentence(NamedTuple):
    """A sentence with a reason, as the code has it: templates, if it has facts, which stand in braces."""

    reason: str
    kind: str
    message: str
    hint: str
    has_facts: bool


@cache
def sentences() -> list[Sentence]:
    """All errors and notices whose reason, message and hint stand literally in the code, in order of their reasons."""
    found: dict[str, Sentence] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            for sentence in _sentences_of(call) if isinstance(call, ast.Call) else ():
                found.setdefault(sentence.reason, sentence)
    return [found[reason] for reason in sorted(found)]


#: Records of a reason, a message and a hint, from which an error is made where it happens.
_RECORDS = {"Cause": "ServiceError", "_Failure": "ConnectionFailed"}


def _sentences_of(call: ast.Call) -> Iterator[Sentence]:
    named = {word.arg: word.value for word in call.keywords}
    kind = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    if kind in _RECORDS:
        reason, message, hint = [*map(_literal, call.args[:3]), "", "", ""][:3]
        if reason and message:
            kind = "ReplyBroken" if reason.startswith("reply.") else _RECORDS[kind]
            yield Sentence(reason, kind, message, hint, True)
        return
    reasons, messages = _either(named.get("reason")), _either(call.args[0] if call.args else None)
    facts = named.keys() - {"hint", "detail", "reason", "outcomes", "near"}
    for reason, message in zip(reasons, messages * (len(reasons) // len(messages) or 1), strict=False):
        if _literal(reason) and _literal(message):
            yield Sentence(_literal(reason), kind, _literal(message), _literal(named.get("hint")), bool(facts))


def _either(node: ast.expr | None) -> list[ast.expr | None]:
    """Both of `a if … else b`."""
    return [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node]


def _literal(node: ast.expr | None) -> str:
    """A text, also one that is marked for translation; empty for anything else."""
    if isinstance(node, ast.Call) and len(node.args) == 1:
        node = node.args[0]
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
