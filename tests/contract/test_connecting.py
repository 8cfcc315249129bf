"""Every way in, and every way to be refused."""

import pytest

from tests.contract.bench import ADMIN, PENDING, USER
from tray_app.core.tasks.settings import changed
from tray_app.core.values.errors.service import Refused, RefusedBecause
from tray_app.core.values.snapshot import Access
from tray_app.core.values.task_settings import Setting


def test_it_says_what_it_is(bench, connect):
    client = connect()
    assert client.version() == bench.version_text
    assert client.features().auth is True


def test_without_a_token_nothing_can_be_read(connect):
    client = connect()
    assert client.access() is Access.NONE
    with pytest.raises(Refused) as refused:
        client.read_document()
    assert refused.value.because is RefusedBecause.NO_TOKEN


def test_a_password_makes_an_admin(bench, connect):
    bench.token()  # the account
    token = connect().sign_in(ADMIN["email"], ADMIN["password"])
    client = connect(token)
    assert client.access() is Access.ADMIN
    assert client.read_document() == bench.read()


def test_a_wrong_password_is_told(bench, connect):
    bench.token()
    with pytest.raises(Refused) as refused:
        connect().sign_in(ADMIN["email"], "not-the-password")
    assert refused.value.because is RefusedBecause.BAD_CREDENTIALS


def test_a_pasted_session_token_works(bench, connect):
    assert connect(bench.token()).access() is Access.ADMIN


def test_an_api_key_reads_and_writes(bench, connect):
    bench.set_keys(on=True)
    client = connect(bench.make_key())
    assert client.access() is Access.ADMIN
    document = client.read_document()
    client.write_document(changed(document, {Setting.TASK_MODEL: "gemma3:1b"}))
    assert bench.read() == document | {"TASK_MODEL": "gemma3:1b"}


def test_a_replaced_key_is_refused(bench, connect):
    bench.set_keys(on=True)
    old = bench.make_key()
    bench.make_key()
    client = connect(old)
    assert client.access() is Access.REFUSED
    assert client.refusal() is RefusedBecause.EXPIRED


def test_keys_switched_off_are_told_apart_from_a_wrong_key(bench, connect):
    bench.set_keys(on=True)
    key = bench.make_key()
    bench.set_keys(on=False)
    client = connect(key)
    found = client.access(), client.refusal()
    bench.set_keys(on=True)
    if bench.version < (0, 4, 0):
        assert found == (Access.ADMIN, None)
        return
    same_words = (0, 5, 0) <= bench.version < (0, 6, 37)  # for a limited key
    because = RefusedBecause.KEYS_OFF_OR_RESTRICTED if same_words else RefusedBecause.KEYS_OFF
    assert found == (Access.REFUSED, because)


def test_garbage_is_an_expired_token(connect):
    client = connect("garbage")
    assert client.access() is Access.REFUSED
    assert client.refusal() is RefusedBecause.EXPIRED


def test_an_ordinary_user_reads_but_never_writes(bench, connect):
    client = connect(bench.token(USER))
    assert client.access() is Access.USER
    document = client.read_document()
    with pytest.raises(Refused) as refused:
        client.write_document(changed(document, {Setting.TASK_MODEL: "gemma3:1b"}))
    assert refused.value.because is RefusedBecause.NOT_ADMIN
    assert bench.read() == document


def test_a_pending_account_has_to_wait(bench, connect):
    client = connect(bench.token(PENDING))
    assert client.access() is Access.REFUSED
    assert client.refusal() is RefusedBecause.PENDING


def test_without_authentication_empty_strings_are_enough(no_auth, connect):
    anonymous = connect(url=no_auth.url)
    assert anonymous.features().auth is False
    client = connect(anonymous.sign_in("", ""), url=no_auth.url)
    assert client.access() is Access.ADMIN
    document = client.read_document()
    after = client.write_document(changed(document, {Setting.TASK_MODEL: "gemma3:1b"}))
    assert after == document | {"TASK_MODEL": "gemma3:1b"}
