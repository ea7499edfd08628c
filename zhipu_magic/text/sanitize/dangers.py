"""Patterns of what could run, fetch, link or style something in some front end."""

from __future__ import annotations

import re

from ..addresses import PLAIN_HOST, SCHEME_IN_PATH
from ..fitting.marks import HTML

_MACROS = (
    "bbox|class|cssId|data|href|htmlClass|htmlData|htmlId|htmlStyle|includegraphics|mmlToken|require|setOptions|style"
    "|unicode|url"
)
MACRO = rf"(?:{_MACROS})(?![A-Za-z])"
CLEAN_TITLE = r'"[^"\n$\\@]*"[ \t]*'
#: A character of an address. Two at signs are JupyterLab's mark for mathematics, and one of them may be an entity.
_PLAIN = r"""(?:[^\s()<>"`$\\&]|&(?!commat;|\#0*64;|\#[xX]0*40;))"""
_SCHEME_IN_LINK = rf"(?:[^\s()]|\([^\s()]*\))*?{SCHEME_IN_PATH}"
_SCHEMED = (
    rf"(?:https?:(?://{PLAIN_HOST}|(?://|(?!//))(?!{_SCHEME_IN_LINK}))|mailto:|tel:"
    rf"|(?![^\s/?#()]*[:&\\])(?!{_SCHEME_IN_LINK}))"
)
#: An image without its words: its address and title.
_PLAIN_IMAGE = rf"""[^\[\]$\\<>"`@\n]*\]\(https?:{_PLAIN}*(?:[ \t]+{CLEAN_TITLE})?\)"""
_GAP = r"(?:[ \t]+(?:\n[ \t]*)?|\n[ \t]*)"  # never across a blank line: each paragraph is judged on its own
#: What follows `](` in a harmless link, and in what no front end reads as a link.
_PLAIN_LINK = rf"{_GAP}?{_SCHEMED}(?:{_PLAIN}|\({_PLAIN}*\))*(?:{_GAP}?\)|{_GAP}{CLEAN_TITLE}\))"
_NO_LINK = rf"""[^\s()<>"'`$\\]+(?:{_GAP}[^\s()<>"']|{_GAP}?\Z|[ \t]*\n[ \t]*\n)"""
#: What follows `]:` in a harmful definition.
_HARMFUL_DEFINITION = (
    r"[\s>]*(?:<|(?!https?:|mailto:|tel:)[^\s/?#()]*?[:&\\]|\S*?[$\\]|\S+[\s>]+(?!" + CLEAN_TITLE + r"$)[\"'(]"
    rf"|(?!https?://{PLAIN_HOST}|mailto:|tel:)(?:https?://|(?!https?://))\S*?{SCHEME_IN_PATH})"
)
#: Letters and backslashes written as entities, for which there is no honest reason.
DISGUISED = (
    r"&(?:bsol;|\#0*(?:6[5-9]|[78]\d|9[027-9]|1[01]\d|12[0-2])(?!\d)"
    r"|\#[xX]0*(?:[46][1-9a-fA-F]|[57][0-9aA]|5[cC])(?![\da-fA-F]))"
)
#: What some front ends take for more than words after a fence, and nobody needs there.
INFO = r"""["$\\<>&@{]|[mM][eE][rR][mM][aA][iI][dD]"""
#: Characters: a longer address or info string counts as harmful unread, so that reading takes linear time.
_LONG = 3_000
#: What follows `://` in a harmless bare address: it is short, and begins no mathematics. A mark for HTML ends it.
_PLAIN_ADDRESS = rf"[^\s$\\{HTML}]{{0,{_LONG}}}(?:\\(?!\\[(\[]|begin)[^\s$\\{HTML}]{{0,300}}){{0,20}}(?![^\s{HTML}])"
#: What follows it in one that a front end may take for a path, with a scheme in it.
SCHEMED_ADDRESS = rf"(?!{PLAIN_HOST})[^\s{HTML}]{{0,{_LONG}}}?{SCHEME_IN_PATH}"
CONTROL = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff"


def _dangers(image: str) -> re.Pattern[str]:
    return re.compile(
        rf"""
        (?=[<!\\\[\]:wW`~&{CONTROL}])  # most characters fail here at once: a third of the time
        (?: <[A-Za-z/!?]
          | {image}
          | \\{MACRO}
          | \]\((?!{_PLAIN_LINK}|{_NO_LINK})
          | (?<![^\s>])\[(?:[^\[\]\\]|\\.)+\]:(?={_HARMFUL_DEFINITION})
          | (?:://|[wW]{{3}}\.)(?:(?!{_PLAIN_ADDRESS})|{SCHEMED_ADDRESS})
          | (?<![^\s>])(?:`{{3,}}(?!`)[^`\n]*?(?:{INFO})|~{{3}}(?:[^\n]{{0,{_LONG}}}?(?:{INFO})|[^\n]{{{_LONG}}}))
          | {DISGUISED}
          | [{CONTROL}]
        )
        """,
        re.VERBOSE | re.MULTILINE | re.DOTALL,
    )


#: By whether images are allowed.
DANGER = {False: _dangers(r"!\["), True: _dangers(rf"!\[(?!{_PLAIN_IMAGE})")}
