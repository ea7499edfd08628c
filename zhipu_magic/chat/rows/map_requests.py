"""Makes what all rows of a map share from what the user gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ...history.turn import Anchor
from ...service.connection import Service
from ...text.argument_types import check_prompt, check_types
from ...text.errors import NOTHING_SENT, InvalidRequest
from ...text.languages.notice import Notice
from ...values.frames.answers import answer_columns
from ...values.frames.python_values import is_missing
from ...values.frames.table import Table
from ...values.references import Prompt
from ...values.row_template import RowTemplate, row_template
from ..compose import Along, Composer, check_sight
from ..documents.uploads import Uploads
from ..option_check import check_options
from ..options import Options
from ..request import Request
from .map_request import MapOptions, MapRequest
from .requests import RowRequests

if TYPE_CHECKING:
    from ...values.documents.reading import OpenDocuments

#: What these options are for every row.
_WHOLE_AND_OUTSIDE: Final[Mapping[str, Any]] = {"thread": None, "once": True, "stream": False}


class Asked(NamedTuple):
    """What a map is asked with, as its user gives it (see `Chat.map`)."""

    template: str
    options: Options
    how: MapOptions
    names: Mapping[str, Any]
    images: Any
    anchor: Anchor


class MapRequests:
    """Makes the requests of one chat's maps. What is off about them is told through `warn`; `is_live` says whether
    the service is surely asked. Before a document is uploaded for it, a request goes to `check`, which raises what
    stands against sending it.
    """

    def __init__(
        self,
        composer: Composer,
        service: Service,
        *,
        is_live: Callable[[], bool],
        value_tokens: Callable[[], int],
        check: Callable[[Request], None],
        warn: Callable[[str], None],
    ) -> None:
        self._check = check
        self._composer = composer
        self._service = service
        self._is_live = is_live
        self._value_tokens = value_tokens
        self._warn = warn

    def asked(
        self,
        template: str,
        options: Options | None,
        how: Mapping[str, Any],
        *,
        names: Mapping[str, Any] | None,
        images: Any,
        anchor: Anchor | None = None,
        **more: Any,
    ) -> Asked:
        """What a map is asked with. Raises InvalidRequest for what cannot be asked."""
        given = {"thread": getattr(options, "thread", None), "stream": getattr(options, "stream", None), **more}
        for name, value in _WHOLE_AND_OUTSIDE.items():
            if given.get(name) not in (None, value):
                raise InvalidRequest(
                    "The rows of a table are asked outside the conversation, and each answer comes whole: there is no "
                    "{name}={value!r} for them.",
                    reason="rows.option",
                    outcomes=[NOTHING_SENT],
                    name=name,
                    value=given[name],
                )
        placed = self._composer.placed(options, {**more, **_WHOLE_AND_OUTSIDE})
        return Asked(
            template=template,
            options=placed,
            how=MapOptions(**how),
            names=names or {},
            images=images,
            anchor=anchor or Anchor(),
        )

    def of(self, asked: Asked, table: Table, *, preview: bool = False) -> MapRequest:
        """The request of the rows of this table. Raises InvalidRequest. For a `preview`, no document is uploaded."""
        check_prompt(asked.template)
        check_types({"names": asked.names})
        columns = answer_columns(asked.options.as_type)
        images = asked.images if isinstance(asked.images, (list, tuple)) else [asked.images]
        uploads = Uploads(self._warn)

        def made(documents: OpenDocuments) -> RowTemplate:
            return row_template(
                asked.template,
                table.columns,
                asked.names,
                self._value_tokens(),
                images=images,
                documents=documents,
                is_missing=is_missing,
                hide=self._service.hiding(),
                sees=self._composer.sees(asked.options),
            )

        with uploads.told_by_errors():
            along = Along(None, (), (), asked.anchor, uploads=uploads)
            template = self._composer.documents_of(along, asked.options, preview=preview).made(
                made, lambda template: self._check(self._request(asked, template, lambda notice: None))
            )
            request = self._request(asked, template, self._warn)
        self._tell(template)
        return MapRequest(
            request=request,
            table_columns=table.columns,
            requests=RowRequests(request),
            template=template,
            written=asked.template,
            options=asked.how,
            columns=columns,
        )

    def _tell(self, template: RowTemplate) -> None:
        for note in template.notes:
            self._warn(note)
        for cut in template.cut:
            self._warn(
                Notice(
                    "All rows get only a part of a value: {cut}.",
                    hint="{{{{ name | 40000 }}}} says how many tokens of a value are sent.",
                    reason="rows.shared_cut",
                    cut=cut,
                )
            )

    def _request(self, asked: Asked, template: RowTemplate, warn: Callable[[str], None]) -> Request:
        """The request that those of all rows are like. Raises InvalidRequest for what they cannot be."""
        request = self._composer.asking(Prompt(asked.template, cut=template.cut), asked.options, asked.anchor)
        check_sight(request, has_images=template.has_images)
        if self._is_live():
            check_options(request, self._service.profile, warn)
        for tool in request.options.tools:
            if tool.asks_first:
                raise InvalidRequest(
                    "{tool} asks before each call, and the rows of a table are asked many at once.",
                    hint="Pass the function itself, if it may run without asking.",
                    reason="rows.consent",
                    outcomes=[NOTHING_SENT],
                    tool=tool.name,
                )
        return request

    def for_table(self, request: MapRequest, asked: Asked, table: Table) -> MapRequest:
        """The same for a further table, whose columns may stand in another order."""
        return request if table.columns == request.table_columns else self.of(asked, table)
