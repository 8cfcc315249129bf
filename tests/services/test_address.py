"""Where a server is, as people and OLLAMA_HOST say it."""

import pytest

from tray_app.core.values.errors.usage import UsageError
from tray_app.services.address import is_loopback, is_private, ollama_address, ollama_from_environment, web_address


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("", "http://127.0.0.1:11434"),
        ("localhost", "http://localhost:11434"),
        (":1234", "http://127.0.0.1:1234"),
        ("nas:1234", "http://nas:1234"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:5000", "http://127.0.0.1:5000"),
        ("[::]:5000", "http://[::1]:5000"),
        ("::", "http://[::1]:11434"),
        ("::1", "http://[::1]:11434"),
        ("[fe80::1]:9", "http://[fe80::1]:9"),
        ("http://nas", "http://nas"),
        ("https://nas", "https://nas"),
        ("https://nas:11434/ollama/", "https://nas:11434/ollama"),
        ("http://0.0.0.0:11434", "http://127.0.0.1:11434"),
        (' "10.0.0.2:11434" ', "http://10.0.0.2:11434"),
        ("HTTP://NAS:1", "http://nas:1"),
    ],
)
def test_ollama_host_in_all_its_forms(given, url):
    assert ollama_address(given) == url


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("http://localhost:3000/", "http://localhost:3000"),
        ("localhost:3000", "http://localhost:3000"),
        ("192.168.1.5", "http://192.168.1.5"),
        ("https://chat.example.com/ui/", "https://chat.example.com/ui"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_a_web_address(given, url):
    assert web_address(given) == url


@pytest.mark.parametrize(
    "given",
    [
        "",
        "   ",
        "http://",
        "ftp://x",
        "http://a b",
        "http://x:99999",
        "http://[::1",
        "http://x\x00",
        "x" * 300,
        "http://..",
    ],
)
def test_what_is_no_address_is_a_usage_error(given):
    with pytest.raises(UsageError) as caught:
        web_address(given)
    assert caught.value.what == "url"


@pytest.mark.parametrize("address", [web_address, ollama_address])
def test_an_address_with_a_password_is_refused_without_repeating_it(address):
    with pytest.raises(UsageError) as caught:
        address("http://me:geheim@nas:1")
    assert caught.value.what == "url-with-password"
    assert "geheim" not in str(caught.value.args)


def test_the_environment_names_ollama(monkeypatch):
    monkeypatch.setenv("OLLAMA_HOST", "nas")
    assert ollama_from_environment() == "http://nas:11434"
    monkeypatch.delenv("OLLAMA_HOST")
    assert ollama_from_environment() == "http://127.0.0.1:11434"


@pytest.mark.parametrize("host", ["localhost", "app.localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_loopback(host):
    assert is_loopback(host)
    assert is_private(host)


@pytest.mark.parametrize(
    "host",
    ["10.1.2.3", "192.168.0.1", "172.20.0.1", "169.254.1.1", "100.100.1.1", "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1",
     "nas", "nas.local", "nas.lan", "host.docker.internal", "nas.home.arpa"],
)  # fmt: skip
def test_private(host):
    assert is_private(host)
    assert not is_loopback(host)


@pytest.mark.parametrize("host", ["example.com", "8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8", "172.32.0.1"])
def test_public(host):
    assert not is_private(host)
