"""Where the key comes from, where it may go, and that it is never seen."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import certifi
import keyring
import pytest
from keyring.backend import KeyringBackend

from zhipu_magic.service import endpoint, keys
from zhipu_magic.service.api_key import ApiKey
from zhipu_magic.service.connection import Service
from zhipu_magic.service.endpoint import Endpoint
from zhipu_magic.service.http_client import certificates
from zhipu_magic.text.errors import SettingsError


class MemoryKeyring(KeyringBackend):
    """A keyring that lasts as long as a test."""

    priority = 1

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture
def memory_keyring() -> Any:
    before = keyring.get_keyring()
    keyring.set_keyring(MemoryKeyring())
    yield
    keyring.set_keyring(before)


MAINLAND = endpoint.DEFAULT_BASE_URL


def test_the_argument_goes_before_the_login_before_the_environment_before_the_keyring_before_colab(
    memory_keyring: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found(api_key: str | None = None, login: str | None = None) -> Any:
        return keys.find_key(MAINLAND, ApiKey(api_key) if api_key else None, ApiKey(login) if login else None)

    assert found() is None
    in_colab(monkeypatch, "colab.key")
    assert found() == ("colab.key", "Colab's secrets")
    keys.save_to_keyring(ApiKey("kept.key"), MAINLAND)
    assert found() == ("kept.key", "the system's keyring")
    monkeypatch.setenv("ZHIPUAI_API_KEY", "environment.key")
    assert found() == ("environment.key", "the environment variable ZHIPUAI_API_KEY")
    assert found(login="login.key") == ("login.key", "set in this session")
    assert found("given.key", "login.key") == ("given.key", "given in the code")


def test_the_keyring_has_a_key_for_each_host(memory_keyring: None) -> None:
    keys.save_to_keyring(ApiKey("mainland.key"), MAINLAND)
    keys.save_to_keyring(ApiKey("other.key"), "https://api.z.ai/api/paas/v4")
    for address, key in {
        MAINLAND: "mainland.key",
        "https://open.bigmodel.cn/api/coding/paas/v4": "mainland.key",
        "https://API.z.ai:443/api/coding/paas/v4": "other.key",
    }.items():
        found = keys.find_key(address, None, None)
        assert found is not None and found[0] == key
    for address in ("https://example.org/v1", "http://api.z.ai/api/paas/v4", "https://api.z.ai:8443/api/paas/v4"):
        assert keys.find_key(address, None, None) is None


def in_colab(monkeypatch: pytest.MonkeyPatch, secret: str | Exception) -> Any:
    """Stand in for the module of Colab's secrets; returns it."""

    def get(name: str) -> str:
        assert name == "ZHIPUAI_API_KEY"
        if isinstance(secret, Exception):
            raise secret
        return secret

    userdata = ModuleType("google.colab.userdata")
    colab = ModuleType("google.colab")
    monkeypatch.setattr(userdata, "get", get, raising=False)
    monkeypatch.setattr(colab, "userdata", userdata, raising=False)
    monkeypatch.setitem(sys.modules, "google.colab", colab)
    monkeypatch.setitem(sys.modules, "google.colab.userdata", userdata)
    return userdata


class SecretNotFoundError(Exception):
    """As Colab's: there is no secret of this name."""


class NotebookAccessError(Exception):
    """As Colab's: the user has not allowed it."""


class TimeoutException(Exception):  # its name there
    """As Colab's: no page has answered."""


def test_a_secret_that_colab_does_not_have_is_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    in_colab(monkeypatch, SecretNotFoundError())
    assert keys.find_key(MAINLAND, None, None) is None
    in_colab(monkeypatch, "")
    assert keys.find_key(MAINLAND, None, None) is None


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (NotebookAccessError("x"), "which this notebook may not read"),
        (TimeoutException("x"), "did not say whether"),
        (RuntimeError("its key is colab.key"), "did not say whether"),
    ],
)
def test_a_secret_that_colab_does_not_hand_out_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, raised: Exception, said: str
) -> None:
    in_colab(monkeypatch, raised)
    with pytest.raises(SettingsError, match=said) as refused:
        keys.find_key(MAINLAND, None, None)
    assert refused.value.hint and "colab.key" not in str(refused.value)
    assert refused.value.__context__ is None
    monkeypatch.setenv("ZHIPUAI_API_KEY", "environment.key")
    assert keys.find_key(MAINLAND, None, None) is not None


def test_elsewhere_than_in_colab_its_secrets_are_not_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    in_colab(monkeypatch, "colab.key")
    monkeypatch.delitem(sys.modules, "google.colab")
    assert keys.find_key(MAINLAND, None, None) is None


def test_without_the_keyring_package_saving_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(SettingsError, match="pip install keyring"):
        keys.save_to_keyring(ApiKey("a.key"), MAINLAND)
    assert keys.find_key(MAINLAND, None, None) is None


def test_a_system_without_a_keyring_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from keyring.backends.fail import Keyring

    before = keyring.get_keyring()
    keyring.set_keyring(Keyring())
    try:
        with pytest.raises(SettingsError, match="no keyring"):
            keys.save_to_keyring(ApiKey("a.key"), MAINLAND)
        assert keys.find_key(MAINLAND, None, None) is None
    finally:
        keyring.set_keyring(before)


def test_a_key_that_was_typed_goes_to_its_host_alone() -> None:
    service = Service(MAINLAND, None, timeout=1, max_retries=0, warn=lambda text: None)
    service.login(ApiKey("login.key"))
    assert (service.endpoint().key, service.key_source) == ("login.key", "set in this session")
    service.configure(base_url="coding")
    assert service.endpoint().key == "login.key"
    for other in ("z.ai", "http://127.0.0.1:8000/v1", "https://open.bigmodel.cn:8443/api/paas/v4"):
        service.configure(base_url=other)
        assert service.key_source is None
        with pytest.raises(
            SettingsError, match=r"is for https://open\.bigmodel\.cn, and is not sent to http"
        ) as refused:
            service.endpoint()
        assert "login" in refused.value.hint and "login.key" not in str(refused.value)
    service.configure(base_url="z.ai")
    service.login(ApiKey("other.key"))
    assert service.endpoint().key == "other.key"
    service.configure(base_url="")
    assert service.endpoint().key == "login.key"
    assert service.hide("login.key other.key") == "<API key> <API key>"


def test_the_key_does_not_show_itself() -> None:
    where = Endpoint(endpoint.DEFAULT_BASE_URL, ApiKey("hidden.secret"), "given in the code")
    for shown in (repr(where), repr(where.key), repr(SimpleNamespace(key=where.key)), repr([where.key])):
        assert "hidden" not in shown
    assert f"Bearer {where.key}" == "Bearer hidden.secret"


@pytest.mark.parametrize("key", ["two words", "line\nend", "密钥", "", "  "])
def test_a_key_that_no_header_can_hold_is_refused_without_repeating_it(key: str) -> None:
    with pytest.raises(SettingsError) as refused:
        keys.check_key(key)
    assert not key.strip() or key not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://open.bigmodel.cn/api/paas/v4",
        "https://api.z.ai/api/paas/v4/",
        "http://127.0.0.1:8000/v1",
        "http://localhost:11434/v1",
        "http://[::1]:8000/v1",
        "http://127.9.9.9/v1",
    ],
)
def test_an_address_with_tls_or_on_this_machine_is_taken(url: str) -> None:
    assert endpoint.check_base_url(url) == url.rstrip("/")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://open.bigmodel.cn/api/paas/v4", "without encryption"),
        ("http://127.0.0.1.example.com/v1", "without encryption"),
        ("http://192.168.0.7:8000/v1", "without encryption"),
        ("http://localhost.example.com", "without encryption"),
        ("open.bigmodel.cn", "not a valid address"),
        ("ftp://open.bigmodel.cn", "not a valid address"),
        ("https://", "not a valid address"),
        ("https://reader:hidden@open.bigmodel.cn", "a user name or a password"),
        ("ftp://reader:hidden@open.bigmodel.cn", "not a valid address"),
        ("http://[::1", "not a valid address"),
        ("https://host:port/v1", "not a valid address"),
    ],
)
def test_any_other_address_is_refused_with_the_reason(url: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words) as refused:
        endpoint.check_base_url(url)
    assert "hidden" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "priced"),
    [
        ("https://open.bigmodel.cn/api/paas/v4", True),
        ("http://127.0.0.1:8000/api/paas/v4", True),
        ("http://127.0.0.1:8000/v1", False),
        ("https://api.z.ai/api/paas/v4", False),
        ("http://[::1", False),
        ("https://open.bigmodel.cn.example.com/v4", False),
    ],
)
def test_prices_are_those_of_the_mainland_service_alone(url: str, priced: bool) -> None:
    assert Endpoint(url, ApiKey("a.key"), "given in the code").profile.priced is priced


def test_chats_share_the_usual_certificates_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    known = [Endpoint(url, ApiKey("key"), "") for url in ("https://glm.test", "https://other.test", "http://127.0.0.1")]
    [shared] = {certificates(one) for one in known}
    monkeypatch.setenv("SSL_CERT_FILE", certifi.where())
    assert certificates(known[2]) is shared
    assert len({shared, *map(certificates, known[:2])}) == 3, "a file that is named may change at any time"
