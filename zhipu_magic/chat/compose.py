"""Makes the request for a prompt: after the turns before it, and within the model's context."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from ..history.conversation import Thread
from ..history.events.checked import check_name
from ..history.turn import Anchor, Turn
from ..service.connection import Service
from ..service.models import CATALOGUE
from ..text.argument_types import check_prompt, check_types
from ..text.errors import NOTHING_SENT, InvalidRequest
from ..text.languages.joined import comma
from ..text.languages.language import language_of, prompted
from ..text.languages.messages import N_, _, for_model
from ..values.references import Prompt, Reader, resolved
from .chat_settings import ChatSettings, model_of
from .documents.rehearsal import Rehearsal
from .options import Options, with_more
from .request import Request
from .toolbox import Toolbox
from .window import fit

if TYPE_CHECKING:
    from ..values.documents.reading import Documents, OpenDocuments
    from ..values.documents.source import Source
    from ..values.given import Given
    from ..values.outputs.above import Above
    from ..values.types.answer_type import Shape
    from .documents.uploads import Uploads

_Made = TypeVar("_Made")

#: What a reply that was cut short is asked to be continued with.
GO_ON = N_("Go on exactly where you stopped, without repeating anything.")


class _Place(NamedTuple):
    """Where a turn will stand: after the turns of `before`, for the cell of the `anchor`.

    `system` is the system text that is in force there, `replaces` or `joins` the id of a turn that it replaces or
    continues.
    """

    before: Thread
    anchor: Anchor
    system: str
    replaces: str | None = None
    joins: str | None = None


class Along(NamedTuple):
    """What goes with a prompt: the names that its references mean, images and files, and the cell that asks.

    What is `above` goes before it. It may go to `several` models. `uploads` tell what goes out before its request does.
    """

    names: Mapping[str, Any] | None
    images: Any
    files: Any
    anchor: Anchor
    above: Above | None = None
    several: bool = False
    uploads: Uploads | None = None

    def given_files(self) -> list[Given]:
        """The files, each with the pages that are wanted of it."""
        files = self.files if isinstance(self.files, (list, tuple)) else [self.files]
        if not files:
            return []
        from ..values.given import given_file

        return [given_file(file) for file in files]


class Composer:
    """Makes the requests of a chat, from its `settings`, its history and its `toolbox`. It sends nothing.

    `documents` are what reads those of a cell, for these options, in a preview or not; with a list, what would have to
    be uploaded is put there instead. `warn` is called with what the
    user should know of the values in a prompt.
    """

    def __init__(
        self,
        settings: ChatSettings,
        toolbox: Toolbox,
        service: Service,
        *,
        documents: Callable[[Along, Options, bool, list[Source] | None], Documents],
        warn: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._documents = documents
        self._history = settings.history
        self._toolbox = toolbox
        self._service = service
        self._warn = warn
        self._shapes: dict[str, Shape] = {}
        """The types of answers that were asked for, by the instruction that asks for one."""

    def placed(self, options: Options | None, more: Mapping[str, Any]) -> Options:
        """The options, with some given by name, and with the name of their thread: another may be the current one
        before its turn comes. Raises InvalidRequest for what cannot be asked.
        """
        options = with_more(options or Options(), more)
        if options.once and options.thread is not None:
            raise InvalidRequest(
                "The turn is to stand in thread {thread}, and outside the conversation.",
                hint="Leave out thread or once=True.",
                reason="once.in_thread",
                outcomes=[NOTHING_SENT],
                thread=options.thread,
            )
        current = self._history.state.conversation.current
        return replace(options, thread=current if options.thread is None else check_name(options.thread))

    def resolved(
        self,
        prompt: str,
        options: Options,
        along: Along,
        *,
        preview: bool = False,
        sees: bool | None = None,
        check: Callable[[Prompt], object] | None = None,
    ) -> Prompt:
        """The prompt with its references resolved, after the cells above. Raises GLMError for one that cannot be sent.

        A document in it may be read for that, at the service too, but not in a `preview`. Before one is uploaded,
        `check` gets the prompt without it, and raises what else stands against sending it. `sees` says whether it is
        for a model that does; without it, that is the one that the options ask.
        """
        names = along.names
        check_prompt(prompt)
        check_types({"names": names})
        _check(prompt, options.system or self._history.thread(options.thread).system)
        sees = self.sees(options) if sees is None else sees
        files, hide = along.given_files(), self._service.hide

        def after(documents: OpenDocuments, turns: Collection[str] | None) -> Prompt:
            found = resolved(
                prompt,
                names,
                self._settings.value_tokens,
                along.images,
                files=files,
                documents=documents,
                above=along.above,
                reader=Reader(sees, turns),
            )
            # A value can hold the key, as os.environ does: a model has no use for it.
            found = replace(found, text=hide(found.text), cut=tuple(map(hide, found.cut)), above=hide(found.above))
            _check(found.text, "")
            return found

        reading = self.documents_of(along, options, preview=preview)
        found = reading.made(lambda documents: after(documents, None), check or _allow)
        for note in found.notes:
            self._warn(note)
        if not found.relies_on:
            return found
        return replace(found, renew=lambda turns: reading.again(lambda documents: after(documents, turns)))

    def documents_of(self, along: Along, options: Options, *, preview: bool = False) -> Rehearsal:
        """What reads the documents that a cell asks for."""
        return Rehearsal(lambda awaited: self._documents(along, options, preview, awaited))

    def sees(self, options: Options) -> bool:
        """Whether the model that these options ask sees images; one that nothing is known of may."""
        known = self._service.model(options.model or model_of(self._history.thread(options.thread)))
        return known is None or known.vision

    def asking(self, prompt: Prompt, options: Options, anchor: Anchor) -> Request:
        """The request that asks this as the next turn of the thread that `options` name."""
        before = self._history.before(options.thread, anchor)
        return self._composed(prompt, options, _Place(before, anchor, before.system))

    def again(self, thread: str, anchor: Anchor) -> Request:
        """The request that asks the last turn of the thread again. Raises InvalidRequest without one."""
        link = self._history.newest(_("ask again"), thread)
        turn = link.turn
        here = self._history.thread(thread)
        prompt = Prompt(turn.prompt, turn.written, turn.images, cut=turn.cut, above=turn.above)
        place = _Place(replace(here, last=link.before), anchor, here.system, replaces=turn.id)
        return self._repeated(turn, prompt, place)

    def going_on(self, thread: str, anchor: Anchor) -> Request:
        """The request that has the model go on from the thread's last reply. Raises InvalidRequest if that is whole."""
        turn = self._history.newest(_("go on from"), thread).turn
        if turn.finish_reason not in ("interrupted", "length"):
            raise InvalidRequest(
                "The last reply is complete; there is nothing to continue.",
                hint="chat.go_on() is for a reply that was interrupted, or cut off at its maximum length.",
                reason="reply.complete",
            )
        with prompted(language_of(turn.written or turn.prompt)):
            prompt = Prompt(for_model(GO_ON))
        here = self._history.thread(thread)
        return self._repeated(turn, prompt, _Place(here, anchor, here.system, joins=turn.id))

    def _repeated(self, turn: Turn, prompt: Prompt, place: _Place) -> Request:
        """The request that repeats this turn with its own options."""
        return self._composed(prompt, self._toolbox.options_of(turn), place, turn.instruction)

    def _composed(self, prompt: Prompt, options: Options, place: _Place, instruction: str = "") -> Request:
        """The request that asks `prompt` at this place; `instruction` is what the turn had that it asks again.

        Raises InvalidRequest for a prompt that does not fit, or images that the model cannot see.
        """
        with prompted(language_of(prompt.written or prompt.text)):
            shape, tools = _shape(options.as_type), self._toolbox.offered(options.tools)
        settings, before = self._settings, place.before
        model = options.model or model_of(before)
        system = place.system if options.system is None else options.system
        if options.once:
            before, system = Thread(before.name), options.system or ""
        if shape is not None:
            instruction = shape.instruction
            self._shapes[instruction] = shape
        elif place.joins is None:  # of a reply that is joined, each part alone is no value
            shape = self._shapes.get(instruction)
        request = fit(
            Request(
                prompt=prompt.text,
                options=replace(
                    options,
                    temperature=settings.temperature if options.temperature is None else options.temperature,
                    stream=settings.stream if options.stream is None else options.stream,
                    tools=tools,
                ),
                anchor=place.anchor,
                before=before,
                system=system,
                model=model,
                known=self._service.model(model),
                replaces=place.replaces,
                joins=place.joins,
                written=prompt.written,
                images=prompt.images,
                cut=prompt.cut,
                above=prompt.above,
                relies_on=prompt.relies_on,
                renew=prompt.renew,
                shape=shape,
                instruction=instruction,
                hide=self._service.hiding(),
            )
        )
        check_sight(request, has_images=bool(request.images))
        check_parts(request)
        return request


def _allow(found: object) -> None:
    """Nothing stands against it."""


def _shape(wanted: Any) -> Shape | None:
    if wanted is None:
        return None
    from ..values.types.answer_type import Shape

    return Shape(wanted)


def _check(prompt: str, system: str) -> None:
    if not prompt.strip():
        raise InvalidRequest("There is nothing to send: the prompt is empty.", reason="prompt.empty")
    for name, text in ((N_("prompt"), prompt), (N_("system text"), system)):
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise InvalidRequest(
                "The {part} contains an unpaired surrogate ({surrogate}).",
                hint="It stands for no character and cannot be sent: remove it.",
                reason="prompt.surrogate",
                part=_(name),
                surrogate=ascii(text[error.start]),
            ) from None


def check_sight(request: Request, *, has_images: bool) -> None:
    """Raise InvalidRequest for images that the model cannot see."""
    known = request.known
    if known is None or known.vision or not has_images:
        return
    seeing = comma(model.name for model in CATALOGUE.values() if model.vision)
    raise InvalidRequest(
        "{model} cannot see images.",
        hint="Use a model that can: {models}.",
        reason="model.no_vision",
        outcomes=[NOTHING_SENT],
        model=request.model,
        models=seeing,
    )


def check_parts(request: Request) -> None:
    """Raise InvalidRequest for a video or a document by its address that the model does not take, or not so."""
    parts = {image.part for image in request.images}
    if parts <= {"image_url"}:
        return
    known = request.known
    missing = parts - known.takes if known is not None else set()
    if missing or ("file_url" in parts and len(parts) > 1):
        raise InvalidRequest(
            "{model} does not take what would go to it by address: {parts}.",
            hint="Documents by address go to some models alone, and never beside images or videos: ask about each "
            "apart.",
            reason="model.parts",
            outcomes=[NOTHING_SENT],
            model=request.model,
            parts=comma(sorted(part.removesuffix("_url") for part in parts)),
        )
