"""What looks like a credential is taken out of a text; what only looks long stays."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zhipu_magic.text.languages.joined import distinct_notes
from zhipu_magic.text.secrets import MARK, of_other_than_secrets, secrets_in, taken_out, without_secrets

LETTERS = "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----"  # nothing that opens anything


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"sk-proj-{LETTERS}", MARK),
        (f"key=sk-ant-api03-{LETTERS}!", f"key={MARK}!"),
        (f"ghp_{LETTERS}{LETTERS[:4]}", MARK),
        (f"github_pat_{LETTERS}", MARK),
        (f"glpat-{LETTERS[:20]}", MARK),
        ("AKIAIOSFODNN7EXAMPLE", MARK),
        (f"AIza{LETTERS}abc", MARK),
        ("xoxb-1234567890-abcdef", MARK),
        (f"hf_{LETTERS}", MARK),
        (f"eyJhbGciOiJI.eyJzdWIiOiIx.{LETTERS}", MARK),
        (f"{'0123456789abcdef' * 2}.AbCdEfGhIjKlMnOp", MARK),
        (f"before\n{PEM}\nafter", f"before\n{MARK}\nafter"),
        ("-----BEGIN PRIVATE KEY-----\nMIIE", MARK),
        ("Authorization: Bearer abcdefgh12345678", f"Authorization: Bearer {MARK}"),
        ("{'Authorization': 'Basic dXNlcjpwYXNz'}", f"{{'Authorization': 'Basic {MARK}'}}"),
        (f"bearer {LETTERS}", f"bearer {MARK}"),
        ("postgres://me:hunter2@db.example/x", f"postgres://me:{MARK}@db.example/x"),
        ('password = "hunter22"', f'password = "{MARK}"'),
        ("{'api_key': 'abcdefgh'}", f"{{'api_key': '{MARK}'}}"),
        ("os.environ['DB_PASSWORD'] = 'geheim123'", f"os.environ['DB_PASSWORD'] = '{MARK}'"),
        ("client_secret: 'abcdefgh'", f"client_secret: '{MARK}'"),
        ("access_token = 'a1b2c3d4e5f6'", f"access_token = '{MARK}'"),
        ("OPENAI_API_KEY=abcdef123456", f"OPENAI_API_KEY={MARK}"),
        (f"aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/{LETTERS[:8]}", f"aws_secret_access_key = {MARK}"),
        ("password: hunter2hunter2", f"password: {MARK}"),
        ("Password=hunter2hunter2;Server=db", f"Password={MARK};Server=db"),
        ("x-api-key: 8f7d6e5c4b3a2910", f"x-api-key: {MARK}"),
        ("DB_PASSWORD=correcthorsebattery", f"DB_PASSWORD={MARK}"),
        ("DB_PASSWORD=correct-horse-battery", f"DB_PASSWORD={MARK}"),
        ("password: correcthorsebattery", f"password: {MARK}"),
        ("client_secret=correcthorsebattery", f"client_secret={MARK}"),
        ("Set-Cookie: session=abcdefgh; Path=/", f"Set-Cookie: {MARK}"),
        ("{'Cookie': 'a=1; sid=abcdefgh', 'b': 1}", f"{{'Cookie': '{MARK}', 'b': 1}}"),
        (f"AccountName=me;AccountKey={LETTERS}+/==;Suffix=x", f"AccountName=me;AccountKey={MARK};Suffix=x"),
        (f"ya29.{LETTERS}", MARK),
    ],
)
def test_a_secret_is_taken_out(text: str, left: str) -> None:
    assert without_secrets(text) == (left, 1)


@pytest.mark.parametrize(
    "text",
    [
        "d41d8cd98f00b204e9800998ecf8427e",
        "fb577c6b1e8ce0f62a3d08c61e894f5b0a24b027",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "123e4567-e89b-12d3-a456-426614174000",
        "3.141592653589793238462643383279",
        "{'token': 'understanding', 'tokens': 12}",
        "token = 'hello world, this is text'",
        'password = ""',
        'password = "********"',
        "password = os.environ['DB']",
        'api_key = "<your key>"',
        'api_key = "{key}"',
        "Basic internationalization of understanding",
        "https://example.com:8080/path@2",
        "risk-averse-investors-choose-bonds",
        "disk-based-storage-of-many-files",
        "max_tokens=4096",
        "password = get_password(user1)",
        "api_key=settings.api_key",
        "client = Client(api_key=my_api_key)",
        "PASSWORD=os.environ['DB_PASSWORD']",
        "password: SecretStr",
        "password: str = field(default='')",
        "The secret: internationalization",
        "password: ************",
        "primary_key = customer_id",
        "cookie: chocolate chip",
        "sort_key=len, public_key: 1234567890",
        "KEY=value",
        "task-0123456789abcdef-done",
        "/home/me/project/src/module/file.py:12",
        "user@example.com",
        "A" * 300,
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert without_secrets(text) == (text, 0)


@given(st.text(max_size=60), st.sampled_from([f"ghp_{LETTERS}", f"sk-{LETTERS}", PEM, "AKIAIOSFODNN7EXAMPLE"]))
@example("say(", PEM)
def test_a_secret_between_other_words_never_stays(around: str, secret: str) -> None:
    text, count = without_secrets(f"{around} {secret} {around}")
    assert secret not in text and count >= 1


@given(st.text(max_size=80))
def test_taking_out_twice_is_taking_out_once(text: str) -> None:
    once, _ = without_secrets(text)
    assert without_secrets(once)[0] == once


@pytest.mark.parametrize(
    "piece",
    [
        *("sk-", "eyJ", "eyJaaaaaaaa.", "-----BEGIN PRIVATE KEY-----", "a://", "a://b:", "password='"),
        *("Bearer ", "A" * 50, "A_", "token: '1", "authorization: ", "password:a", "pwd=", "cookie: a=", "A_KEY=a."),
    ],
)
def test_hostile_text_takes_no_time(piece: str) -> None:
    began = time.perf_counter()
    without_secrets(piece * (400_000 // len(piece)))
    assert time.perf_counter() - began < 5


def test_a_value_is_taken_out_wherever_it_stands() -> None:
    assert without_secrets('password = "hunter2"; print("hunter2")') == (f'password = "{MARK}"; print("{MARK}")', 1)
    assert without_secrets('password = "hunter2"; api_key = "hunter3"; print("hunter2hunter3")')[1] == 2
    known = secrets_in('connect(password="geheim", token="secret")')
    assert known == ("geheim",)
    assert without_secrets("geheim, geheimnis", known) == (f"{MARK}, geheimnis", 1)


def test_a_name_of_a_password_is_no_value_to_look_for() -> None:
    assert secrets_in("{'password': 'password', 'api_key': 'api_key'}") == ()


def test_a_note_on_secrets_is_told_from_others() -> None:
    assert of_other_than_secrets(distinct_notes([taken_out(2), "3 names, 1 sent", taken_out(1)])) == "3 names, 1 sent"
