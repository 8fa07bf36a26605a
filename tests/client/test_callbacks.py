import base64
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.client import verify_callback
from rolecall.client.callbacks import signature
from rolecall.errors import CallbackError, UsageError
from rolecall.worker.callbacks import headers_of

BODY = b'{"type":"batch.ended","batch":"b1"}'
SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes now").decode()
NOW = 1_800_000_000.0


def signed(body=BODY, secret=SECRET, at=NOW, number="msg_1"):
    moment = f"{at:.0f}"
    return {
        "Webhook-Id": number,
        "Webhook-Timestamp": moment,
        "Webhook-Signature": signature(secret, number, moment, body),
    }


def test_the_example_of_the_specification():
    told = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "1614265330",
        b'{"test": 2432232314}',
    )
    assert told == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_message_is_read_once_its_signature_is_right():
    assert verify_callback(signed(), BODY, SECRET, now=NOW) == {
        "type": "batch.ended",
        "batch": "b1",
    }
    assert verify_callback(signed(at=time.time()), BODY, SECRET)["batch"] == "b1"


def test_one_secret_of_several_and_one_signature_of_several_are_enough():
    headers = signed()
    headers["Webhook-Signature"] = "v1,AAAA v2,BBBB " + headers["Webhook-Signature"]
    assert verify_callback(headers, BODY, ["old", SECRET], now=NOW)
    assert verify_callback(signed(secret="plain"), BODY, "plain", now=NOW)


@pytest.mark.parametrize("secret", [SECRET, "a secret in words of our own", "whsec_no+base64!"])
def test_what_the_worker_sends_is_what_the_client_takes(secret):
    headers = headers_of(45, BODY, secret, NOW)
    assert verify_callback(headers, BODY, secret, now=NOW)["batch"] == "b1"
    with pytest.raises(CallbackError, match="not made with"):
        verify_callback(headers, BODY, "another secret, as long", now=NOW)


@pytest.mark.parametrize("name", ["Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"])
def test_what_is_missing_is_refused(name):
    headers = signed()
    del headers[name]
    with pytest.raises(CallbackError, match="not signed"):
        verify_callback(headers, BODY, SECRET, now=NOW)


@pytest.mark.parametrize("name", ["Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"])
def test_headers_that_are_no_text_are_refused(name):
    headers = signed()
    headers[name] += "\udfff"
    with pytest.raises(CallbackError):
        verify_callback(headers, BODY, SECRET, now=NOW)


@pytest.mark.parametrize("late", [-301, 301, 10**9])
def test_what_is_too_old_or_too_new_is_refused(late):
    with pytest.raises(CallbackError, match="more than 300 s"):
        verify_callback(signed(at=NOW + late), BODY, SECRET, now=NOW)


@pytest.mark.parametrize("moment", ["x", "-1", "1e9", "١٢", "9" * 400])
def test_a_time_that_is_none_is_refused(moment):
    with pytest.raises(CallbackError, match="no number"):
        verify_callback({**signed(), "Webhook-Timestamp": moment}, BODY, SECRET, now=NOW)


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_no_other_body_has_the_signature(one, other):
    if one == other:
        return
    with pytest.raises(CallbackError):
        verify_callback(signed(body=one), other, SECRET, now=NOW)


@pytest.mark.parametrize("body", [b"", b"[1]", b"\xff", b"{"])
def test_a_signed_message_that_is_no_object_is_refused(body):
    with pytest.raises(CallbackError, match="no JSON object"):
        verify_callback(signed(body=body), body, SECRET, now=NOW)


@pytest.mark.parametrize("secret", ["", "whsec_", []])
def test_a_secret_that_is_none_is_a_wrong_call(secret):
    with pytest.raises(UsageError, match="secret"):
        verify_callback(signed(), BODY, secret, now=NOW)
