"""Whether a service has a Batch API at all."""

from __future__ import annotations

from ...service.endpoint import Endpoint
from ...text.addresses import host_of
from ...text.errors import ServiceError, SettingsError

#: The status of an address that is not there, and codes of an API that is not offered.
_NOT_FOUND = 404
_NO_SUCH_API = frozenset({"1221", "1222"})


def check_offer(endpoint: Endpoint) -> None:
    """Raise SettingsError for a service of which none is known."""
    if not endpoint.profile.is_glm:
        raise not_offered(endpoint.base_url)


def is_not_offered(error: ServiceError) -> bool:
    """Whether files cannot be uploaded because there is no address for that."""
    return error.status == _NOT_FOUND or error.code in _NO_SUCH_API


def not_offered(address: str) -> SettingsError:
    return SettingsError(
        "{host} has no Batch API that is known here.",
        hint="Ask the rows live, or at another address: base_url='bigmodel'.",
        reason="batch.not_offered",
        host=host_of(address),
    )
