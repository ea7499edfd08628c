"""What to do in a cell about an error or a notice.

The engine's hints are for Python code. For each `reason`, this table has the hint for a user of `%%glm`, filled with
the same facts. A reason that is not listed keeps its hint for Python.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from ..text.characters import class_name
from ..text.errors import GLMError
from ..text.languages.messages import N_, Message
from ..text.languages.notice import Notice

_RECORD = N_("To record it anew: python -m zhipu_magic record NOTEBOOK")
_REACH = N_("Check the network, the proxy settings and base_url (%glm shows it), then run the cell again.")

HINTS: Mapping[str, str] = {
    # chat/
    "answer.cut_off": "--max-tokens NUMBER allows a longer one.",
    "answer.out_of_budget": "Raise the budget (%glm budget), or remove it (%glm budget off).",
    "batch.elsewhere": "Set base_url to that service again: %config GLMMagics.base_url = '{service}'.",
    "batch.incomplete": "Run %glm collect again in a while, before you ask the missing rows again.",
    "batch.not_offered": "Leave out --batch, or use another address: %config GLMMagics.base_url = 'bigmodel'.",
    "batch.of_another_key": "Set the key with which it was asked (%glm login), or give the batch up: %glm cancel.",
    "batch.requests_gone": "Run the cell that asked for them again: what was sent is not sent twice.",
    "batch.results_gone": "Run the cell again without --batch: it asks the rows that are missing.",
    "batch.unknown": "Look whether the service's own page shows it; %glm cancel gives the batch up.",
    "budget.exceeded": "Shorten the prompt, ask for a shorter answer (--max-tokens), or raise the budget: %glm budget.",
    "budget.reserved": "Run the cell again when that is done, shorten the answers (--max-tokens), or raise the budget.",
    "budget.batch": "Raise the budget (%glm budget), or ask fewer rows: --first.",
    "budget.rows": "Raise it (%glm budget), or remove it (%glm budget off); what was answered is kept and is not asked "
    "again.",
    "budget.spent": "Raise it (%glm budget), or remove it (%glm budget off).",
    "budget.texts": "Raise the budget (%glm budget), or remove it (%glm budget off).",
    "budget.unknown_length": "Set --max-tokens, or remove the budget: %glm budget off.",
    "budget.unknown_price": "Set a budget in tokens (%glm budget 200k tokens), or remove it: %glm budget off.",
    "comparison.ambiguous": "Give more of it: %glm keep NAME.",
    "comparison.model": "Leave out one of them.",
    "comparison.none": "A cell asks several models with -m NAME -m NAME.",
    "comparison.not_in_it": "%glm keep NAME takes one of these: {models}.",
    "address.has_password": "Fetch it in Python, and give the file: --file FILE.",
    "address.private": "Fetch it in Python, and give the file: --file FILE.",
    "address.pages": "Leave the pages out, or fetch it in Python, and give the file: --file FILE.",
    "document.address_here": "%config GLMMagics.documents = 'auto' has the service read addresses.",
    "document.no_library": "%pip install {package}; or %config GLMMagics.documents = 'auto' has the service read it.",
    "document.no_process": "%config GLMMagics.documents = 'service' has the service read it.",
    "document.no_text": "%config GLMMagics.documents = 'auto' has the service read its pictures.",
    "document.no_text_elsewhere": "Give its pages as pictures, with --image, to a model that sees.",
    "document.nothing_found": "Give its pages as pictures, with --image, to a model that sees.",
    "document.old_format": "Save it in a newer format; or %config GLMMagics.documents = 'auto' has the service read "
    "it.",
    "document.text_gone": "Put it back there, or run the cell with %config GLMMagics.replay = 'off'.",
    "drawing.no_pillow": "%pip install pillow, or leave out -o: the picture is shown without it.",
    "drawing.no_size": "It looks like --draw 1024x1024: width and height in pixels.",
    "drawing.not_a_drawing_model": "Use one that does, with -m NAME: {models}.",
    "effort.none": "These models have: {models}. --think and --no-think turn reasoning on and off.",
    "export.nothing": "%glm threads lists the others; %glm restore brings back turns that were set aside.",
    "model.a_key": "The key goes in %glm login; give the model as -m NAME.",
    "model.draws": "With --draw it does: %%glm --draw -m {model}.",
    "model.no_videos": "Use a model that does, with -m NAME: {models}.",
    "model.no_vision": "Use a model that can, with -m NAME: {models}.",
    "parameter.model": "Give it as -m NAME.",
    "parameter.stream": "Give it as --no-stream.",
    "prompt.empty": "Write it on the lines below %%glm, or after %glm ask.",
    "prompt.no_room": "Shorten it, lower --max-tokens, or use a model with a longer context: %glm models lists them.",
    "prompt.too_long": "Shorten it, or use a model with a longer context: %glm models lists them.",
    "replay.call_not_recorded": _RECORD,
    "replay.lookup_not_recorded": _RECORD,
    "replay.no_journal": _RECORD,
    "replay.not_read": _RECORD,
    "replay.not_recorded": _RECORD,
    "replay.rows_not_recorded": _RECORD,
    "replay.vectors_not_recorded": _RECORD,
    "reply.complete": "%glm continue is for a reply that was interrupted, or cut off at its maximum length.",
    "reply.ended_badly": "Run the cell again; if it happens again, rephrase the prompt.",
    "reply.empty": "Run the cell again; if it happens again, rephrase the prompt.",
    "hosted.elsewhere": "Leave out --search, --mcp and --knowledge; --param 'tools=[…]' sends any member as it is.",
    "once.in_thread": "Leave out -t or --once.",
    "think.off_with_effort": "Leave out --no-think or --effort.",
    "think.on_without_effort": "Leave out --think or --effort.",
    "think.always": "Leave out --no-think, or use another model: %glm models shows which always think.",
    "think.never": "Leave out --think and --keep-thinking, or use another model with -m NAME: %glm models lists them.",
    "tool.rounds": "%config GLMMagics.tool_rounds = NUMBER allows more.",
    "tool.still_asks": "To let it run without asking, remove it first: %glm tools remove {tool}.",
    "tool.unknown": "Add the functions first: %glm tools add NAME; a turn that had python is asked again by its cell.",
    "tool_choice.no_tools": "Give the functions with --tool, or %glm tools add.",
    "outcome.partial": "%glm continue goes on from there.",
    # history/
    "budget.ambiguous": "Write %glm budget {thousands} {unit}, or %glm budget {decimal:g} {unit}.",
    "budget.no_unit": "Write %glm budget {amount} tokens, or %glm budget {amount} yuan.",
    "budget.unreadable": "Write it with its unit, like 5 yuan or 200k tokens; off removes it.",
    "journal.newer": "Upgrade zhipu_magic, or choose another file: %glm journal PATH.",
    "resume.done": "%glm history shows it.",
    "resume.earlier": "%glm resume --earlier resumes that one.",
    "resume.no_journal": "%glm resume PATH names one.",
    "resume.not_begun": "%glm resume PATH takes another; %glm journal shows where this page's is.",
    "resume.others": "%glm resume NAME takes one of them.",
    "thread.exists": "%glm threads lists them.",
    "turn.needs_this_loop": "Await that reply first, or ask with --once, or in another thread (-t NAME).",
    "turn.none_to_fork_at": "%glm history shows the numbers.",
    # values/
    "file.missing": "Write the path relative to the notebook's folder, or the full path.",
    "file.nor_variable": "Write the file's path relative to the notebook's folder, or the full path.",
    "file.not_text": "For a picture of another kind, use --image; for text in another encoding, refer to the result of "
    'its read_text(encoding="gb18030"), or the like.',
    "journal.picture_unreadable": "Put it back there, or undo the turn that showed it with %glm undo.",
    "output.none": "A cell that prints or shows something comes first; --raw or a code fence sends braces as they "
    "stand.",
    "reference.code": "--raw or a code fence sends braces as they stand.",
    "reference.form": "After the bar stands a number of tokens, {{{{ {value} | 500 }}}}, or repr, or of a document "
    "pages 2-5, slides 2-5 or sheets NAME. --raw or a code fence sends braces as they stand.",
    "reference.form_twice": "Leave out {form}, or what stands for it. --raw or a code fence sends braces as they "
    "stand.",
    "reference.key": 'Write {owner}["{key}"]. --raw or a code fence sends braces as they stand.',
    "reference.no_value": "--raw or a code fence sends braces as they stand.",
    "reference.undefined": "--raw or a code fence sends braces as they stand.",
    "render.failed": "Correct it, and run the cell that registers it again.",
    "rows.dask": "Answers that came are kept. If the cluster has gone, start it again; then run the cell again: only "
    "what is missing is asked.",
    "type.undefined": "Run the cell that defines it first.",
    # service/
    "address.unencrypted": "Use https://, or a server on this machine (http://127.0.0.1:…). A server of your own on "
    "the local network can be allowed first: %config GLMMagics.plain_http = ['{host}']",
    "connection.no_answer": _REACH,
    "connection.unreachable": _REACH,
    "key.missing": "Get one at {page} (API keys), then %glm login, or set ZHIPUAI_API_KEY before the kernel starts. To "
    "try without a key: %glm practice.",
    "key.missing_elsewhere": "%glm login and enter the one that {host} expects, or set ZHIPUAI_API_KEY before the "
    "kernel starts; for a server that takes any key, type any word.",
    "key.missing_for_local": "A server on this machine takes any key: %glm login and type any word, or set "
    "ZHIPUAI_API_KEY=none.",
    "key.colab_access": "Allow it in Colab's side panel (the key symbol), then run the cell again; or %glm login.",
    "key.colab_silent": "Run the cell again with the notebook open in a browser, or %glm login.",
    "key.of_another_host": "%glm login asks for one for {origin}; %config GLMMagics.base_url changes the address.",
    "key.of_keyring": "(%glm login --save)",
    "key.of_session": "(%glm login)",
    "keyring.not_installed": "%pip install keyring, then %glm login --save again.",
    "replay.only": "%config GLMMagics.replay = 'off' asks it.",
    "service.access_denied": "Check the key's permissions and base_url (%glm shows it).",
    "service.balance": "Top it up at {account}, or choose a free model in place of {model} with %glm model NAME: "
    "{free}. A key of the coding plan needs its address: %config GLMMagics.base_url = '{plan}'",
    "service.billing": "Check the account at {account}, or use another model: %glm models lists them.",
    "service.busy": "Wait a moment, then run the cell again.",
    "service.daily_quota": "Continue tomorrow, or use another model: %glm models lists them.",
    "service.fault": "Run the cell again in a while.",
    "service.key_expired": "Create a new one, then %glm login; {keys}.",
    "service.key_refused": "Check ZHIPUAI_API_KEY if it is set, or enter another key with %glm login; {keys}.",
    "service.no_endpoint": "ZhiPu AI's own has it: %config GLMMagics.base_url = 'bigmodel'.",
    "service.no_model": "%glm models lists the models it has.",
    "service.not_a_reply": "Check base_url (%glm shows it): a proxy or a website may be answering in its place.",
    "service.not_in_plan": "%glm models lists other models.",
    "service.other_product": "A key of the coding plan needs its address: %config GLMMagics.base_url = '{plan}'; for "
    "others, {keys}.",
    "service.parameter": "Check the options of the cell: the service's own words, in the brackets, say what is wrong.",
    "service.quota": "Wait until {until}, or use another model: %glm models lists them.",
    "service.redirect": "Set base_url to where the service really is (%glm shows the current address).",
    "service.search_busy": "Wait a moment, then run the cell again.",
    "service.silent": "Run the cell again, or allow more time: %config GLMMagics.timeout = {longer:g}",
    "service.too_early": "Run the cell again.",
    "service.too_fast": "Wait a moment, then run the cell again.",
    "service.too_long": "Start over with %glm thread NAME or %glm reset, or use a model with a longer context.",
    "service.too_many": "Wait for another one to finish, then run the cell again.",
    "service.wait": "Run the cell again then.",
}


@contextmanager
def door() -> Iterator[None]:
    """Every error passes here on its way to a cell's output, and gets the hint for a cell."""
    try:
        yield
    except GLMError as error:
        _complete(error)
        raise


def in_words(error: BaseException) -> str:
    """What a cell shows of an error that it does not raise."""
    if not isinstance(error, GLMError):
        return f"{class_name(error)}: {error}".removesuffix(": ")
    _complete(error)
    return str(error)


def _complete(error: GLMError) -> None:
    for one in (error, *error.also):
        one.hint = _hint(one)
        one.outcomes = [in_cell(outcome) for outcome in one.outcomes]


def in_cell(notice: str) -> str:
    """The notice with its hint for a cell."""
    return notice.hinted(_hint(notice)) if isinstance(notice, Notice) else notice


def _hint(said: GLMError | Notice) -> str:
    return Message(HINTS[said.reason], **said.facts) if said.reason in HINTS else said.hint
