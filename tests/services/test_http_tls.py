"""https: the operating system's certificates decide, before any token is sent."""

import ssl
import sys
from pathlib import Path

import pytest

from tray_app.core.values.errors.service import Distrust, TimedOut, Untrusted
from tray_app.core.values.errors.storage import StorageError
from tray_app.core.values.token import Token, origin_of
from tray_app.services import trust
from tray_app.services._errors import distrust
from tray_app.services.http import Http

PEM = Path(__file__).with_name("localhost.pem")


@pytest.fixture
def serve_tls(serve):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PEM)
    seen = []

    def start(talk, host="127.0.0.1"):
        def behave(peer):
            with context.wrap_socket(peer.connection, server_side=True) as peer.connection:
                seen.append(peer.request())
                talk(peer)

        return serve(behave, host).url.replace("http:", "https:")

    return start, seen


@pytest.fixture
def trusted(monkeypatch):
    """The certificate as one of the system's own: OpenSSL reads SSL_CERT_FILE."""
    monkeypatch.setenv("SSL_CERT_FILE", str(PEM))
    trust.the_system.cache_clear()
    yield
    trust.the_system.cache_clear()


def test_an_unknown_certificate_is_untrusted_and_sees_no_token(serve_tls, closing):
    start, seen = serve_tls
    url = start(lambda peer: peer.answer(b"1"))
    with pytest.raises(Untrusted) as caught:
        closing(Http(url, token=Token("secret", origin_of(url)))).get_json("/x")
    assert caught.value.because is Distrust.UNKNOWN_ISSUER
    assert caught.value.detail.startswith("certificate verify failed")
    assert "[" not in caught.value.detail
    assert seen == []


def test_a_port_without_tls_is_told_as_that(serve, closing):
    def plain(peer):
        peer.connection.recv(4096)
        peer.connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    url = serve(plain).url.replace("http:", "https:")
    with pytest.raises(Untrusted) as caught:
        closing(Http(url)).get_json("/x")
    assert caught.value.because is Distrust.NO_TLS


@pytest.mark.parametrize(
    ("code", "because"),
    [
        (10, Distrust.EXPIRED),
        (0x800B0101, Distrust.EXPIRED),
        (-67818, Distrust.EXPIRED),
        (18, Distrust.UNKNOWN_ISSUER),
        (0x800B0109, Distrust.UNKNOWN_ISSUER),
        (-67843, Distrust.UNKNOWN_ISSUER),
        (62, Distrust.OTHER_NAME),
        (0x800B010F, Distrust.OTHER_NAME),
        (-67602, Distrust.OTHER_NAME),
        (None, Distrust.OTHER),
        (1, Distrust.OTHER),
    ],
)
def test_the_system_s_own_number_says_what_is_wrong_with_a_certificate(code, because):
    error = ssl.SSLCertVerificationError("certificate verify failed")
    if code is not None:
        error.verify_code = code
    assert distrust(error) is because


@pytest.mark.skipif(sys.platform != "linux", reason="macOS and Windows keep certificates in their own stores")
class TestTrusted:
    def test_a_known_certificate_gets_the_token(self, serve_tls, closing, trusted):
        start, seen = serve_tls
        url = start(lambda peer: peer.answer(b"1"))
        assert closing(Http(url, token=Token("secret", origin_of(url)))).get_json("/x") == 1
        assert b"Bearer secret" in seen[0]

    def test_another_name_than_the_certificate_s_is_untrusted(self, serve_tls, closing, trusted):
        start, seen = serve_tls
        url = start(lambda peer: peer.answer(b"1"), "127.0.0.2")
        with pytest.raises(Untrusted) as caught:
            closing(Http(url)).get_json("/x")
        assert caught.value.because is Distrust.OTHER_NAME
        assert seen == []

    @pytest.mark.parametrize("byte", [b"X", b""], ids=["drips", "hangs"])
    def test_the_deadline_holds_inside_tls(self, serve_tls, closing, trusted, byte):
        start, _ = serve_tls
        url = start(lambda peer: peer.drip(byte) if byte else peer.hang())
        with pytest.raises(TimedOut):
            closing(Http(url, deadline_s=0.5)).get_json("/x")


def test_plain_http_builds_no_certificate_store(serve, closing):
    trust.the_system.cache_clear()
    server = serve(lambda peer: (peer.request(), peer.answer(b"1")))
    assert closing(Http(server.url)).get_json("/x") == 1
    assert trust.the_system.cache_info().currsize == 0
    assert trust.nobody().get_ca_certs() == []


def test_a_file_of_authorities_adds_to_the_system_s(serve_tls, closing):
    start, seen = serve_tls
    url = start(lambda peer: peer.answer(b"1"))
    assert closing(Http(url, token=Token("secret", origin_of(url)), ca_file=str(PEM))).get_json("/x") == 1
    assert b"Bearer secret" in seen[0]


def test_a_file_without_authorities_is_told(closing, tmp_path):
    empty = tmp_path / "authorities.pem"
    empty.write_text("no certificate\n")
    with pytest.raises(StorageError) as caught:
        closing(Http("https://127.0.0.1:9", ca_file=str(empty))).get_json("/x")
    assert caught.value.path == str(empty)
