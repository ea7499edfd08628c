"""The settings of `%%glm`, as `%config GLMMagics` lists them, with their defaults and valid values."""

from __future__ import annotations

from typing import Any

from traitlets import Bool, Enum, Float, HasTraits, Int, List, TraitError, Unicode, default, validate

from ..text.characters import is_word, without_controls
from ..text.errors import GLMError
from ..text.languages.language import CHOICES, language_of_plain_text
from ..text.languages.messages import _, in_language, told
from ..text.wrapping import fitted
from .hints import door


class BadSetting(TraitError):
    """An invalid value for a setting. In a notebook only its message is shown."""

    def _render_traceback_(self) -> list[str]:
        return fitted(without_controls(told(self.args[0])))

    def __str__(self) -> str:
        return str(in_language(self.args[0], language_of_plain_text()))


class Settings(HasTraits):
    """How `%%glm` asks, and what it shows. Raises BadSetting for an invalid value."""

    model = Unicode(help="The model to use. ZHIPU_MAGIC_MODEL changes the default.").tag(config=True)
    drawing_model = Unicode(
        help="The model that draws for %%glm --draw: by default the free one; glm-image and cogview-4 are billed for "
        "each picture."
    ).tag(config=True)
    base_url = Unicode(
        "",
        help="The service's base URL, or coding (the coding plan), z.ai or z.ai/coding; if empty, ZHIPUAI_BASE_URL, "
        "then https://open.bigmodel.cn/api/paas/v4.",
    ).tag(config=True)
    plain_http = List(
        Unicode(),
        help="Hosts on your own network that may be sent the key without TLS, such as ['10.0.0.5']; others there can "
        "read it.",
    ).tag(config=True)
    system = Unicode("", help="The system text, sent before all turns.").tag(config=True)
    stream = Bool(True, help="Show the reply as it arrives; otherwise only when it is complete.").tag(config=True)
    panel = Enum(
        ["settle", "live", "off"],
        "settle",
        help="The panel below a reply: a widget that becomes static HTML at the end (settle); one that stays a widget, "
        "as does the dashboard, and needs its kernel to be shown (live); or none (off).",
    ).tag(config=True)
    temperature = Float(
        None, allow_none=True, help="Sampling temperature, 0 to 1: higher is more varied. None leaves it to the model."
    ).tag(config=True)
    timeout = Float(
        60.0,
        help="Seconds without a byte before a stream is given up; a reply that is not streamed, or that may think "
        "before its first word, gets at least 300.",
    ).tag(config=True)
    max_retries = Int(3, help="How often to retry a busy service, before the reply has begun.").tag(config=True)
    rerun = Enum(
        ["replace", "append"],
        "replace",
        help="What running a cell again does: replace its turn in place, or append another.",
    ).tag(config=True)
    journal = Unicode(
        "auto", help="Where the conversation is saved: auto (beside the notebook), off, or the path of a file."
    ).tag(config=True)
    replay = Unicode(
        help="Answer known requests from the journal: off, auto (others are sent), or only (nothing is sent). "
        "ZHIPU_MAGIC_REPLAY changes the default."
    ).tag(config=True)
    language = Unicode(
        "auto",
        help="The language of messages, panels and help: zh, en, or auto (that of the front end, else of the system). "
        "ZHIPU_MAGIC_LANGUAGE sets it, too.",
    ).tag(config=True)

    value_tokens = Int(
        4_000,
        help="Maximum tokens for the value of a {{ reference }} or a tool's result; {{ x | 500 }} sets it for one.",
    ).tag(config=True)
    documents = Enum(
        ["auto", "local", "service"],
        "auto",
        help="Who reads documents: this machine (local), the service, to which they are uploaded (service), or this "
        "machine where it can, and else the service (auto).",
    ).tag(config=True)
    above = Int(
        0,
        allow_none=True,
        help="How many of the cells above go along with each %%glm cell, with their outputs; 0 or None: none do unless "
        "the cell says --above.",
    ).tag(config=True)
    above_tokens = Int(
        8_000, help="Maximum tokens for the cells above; {{ above | 2000 }} sets it for one reference."
    ).tag(config=True)
    tool_rounds = Int(10, help="How many times the model may call tools in one turn before it must answer.").tag(
        config=True
    )
    python_seconds = Float(
        120.0, help="Maximum seconds for one run of Python by a model (--tool python); 0 sets no limit."
    ).tag(config=True)
    tool_calls = Int(50, help="Maximum tool calls in one turn; the model is told that further calls did not run.").tag(
        config=True
    )
    remote_images = Bool(
        False,
        help="Show the images that a reply links to. Otherwise they stay links, and showing a reply fetches nothing.",
    ).tag(config=True)

    @default("model")
    def _default_model(self) -> str:
        from ..chat.environment import default_model  # when it is asked for: it brings the catalogue of models

        return default_model()

    @default("drawing_model")
    def _default_drawing_model(self) -> str:
        from ..service.drawing.models import DEFAULT_DRAWING_MODEL

        return DEFAULT_DRAWING_MODEL

    @validate("model", "drawing_model")
    def _check_model(self, proposal: Any) -> str:
        name: str = proposal["value"].strip()
        if not is_word(name):
            raise BadSetting(
                _("{value!r} is not a valid model name; %glm models lists the models.", value=proposal["value"])
            )
        return name

    @validate("base_url")
    def _check_base_url(self, proposal: Any) -> str:
        from ..service.endpoint import check_base_url

        try:
            with door():
                return check_base_url(proposal["value"], self.plain_http) if proposal["value"].strip() else ""
        except GLMError as error:
            raise BadSetting(error) from None

    @validate("plain_http")
    def _check_plain_http(self, proposal: Any) -> list[str]:
        from ..service.endpoint import check_plain_http

        try:
            with door():
                return list(check_plain_http(proposal["value"]))
        except GLMError as error:
            raise BadSetting(error) from None

    @validate("temperature")
    def _check_temperature(self, proposal: Any) -> float | None:
        value: float | None = proposal["value"]
        if value is not None and not 0 <= value <= 2:
            raise BadSetting(
                _("temperature must be a number from 0 to 1 (to 2 on some servers), not {value:g}.", value=value)
            )
        return value

    @validate("timeout")
    def _check_timeout(self, proposal: Any) -> float:
        seconds: float = proposal["value"]
        if not 0 < seconds < float("inf"):
            raise BadSetting(_("timeout must be a number of seconds above 0, not {seconds:g}.", seconds=seconds))
        return seconds

    @validate("python_seconds")
    def _check_python_seconds(self, proposal: Any) -> float:
        seconds: float = proposal["value"]
        if not 0 <= seconds <= 1e6:
            raise BadSetting(
                _("python_seconds must be a number of seconds, or 0 for no limit, not {seconds:g}.", seconds=seconds)
            )
        return seconds

    @validate("max_retries")
    def _check_max_retries(self, proposal: Any) -> int:
        count: int = proposal["value"]
        if not 0 <= count <= 20:
            raise BadSetting(_("max_retries must be a number from 0 to 20, not {count}.", count=count))
        return count

    @validate("above")
    def _check_above(self, proposal: Any) -> int | None:
        count: int | None = proposal["value"]
        if count is not None and count < 0:
            raise BadSetting(_("above must be a number of cells, or 0 for none, not {count}.", count=count))
        return count

    @validate("value_tokens", "above_tokens", "tool_rounds", "tool_calls")
    def _check_positive(self, proposal: Any) -> int:
        count: int = proposal["value"]
        if count < 1:
            raise BadSetting(
                _("{setting} must be at least 1, not {count}.", setting=proposal["trait"].name, count=count)
            )
        return count

    @default("replay")
    def _default_replay(self) -> str:
        from ..chat.environment import default_replay

        return default_replay()

    @validate("replay")
    def _check_replay(self, proposal: Any) -> str:
        mode: str = proposal["value"].strip().lower()
        if mode not in ("off", "auto", "only"):
            raise BadSetting(
                _("replay must be off, auto or only, not {mode!r}. (ZHIPU_MAGIC_REPLAY sets it too.)", mode=mode)
            )
        return mode

    @validate("language")
    def _check_language(self, proposal: Any) -> str:
        language: str = proposal["value"].strip().lower()
        if language not in CHOICES:
            raise BadSetting(_("language must be zh, en or auto, not {value!r}.", value=proposal["value"]))
        return language

    @validate("journal")
    def _check_journal(self, proposal: Any) -> str:
        place: str = proposal["value"].strip()
        if not place:
            raise BadSetting(_("journal must be auto, off, or the path of a file."))
        return place
