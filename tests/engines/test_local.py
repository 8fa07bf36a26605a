"""Which addresses a page's text may be sent to without leaving the user's machines."""

import pytest

from rolecall.engines.local import is_local
from rolecall.errors import SettingsError


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000/v1", "http://127.9.9.9", "http://localhost/v1", "http://LOCALHOST.",
        "http://[::1]:8000/v1", "http://[::ffff:127.0.0.1]/v1", "http://a.localhost",
    ],
)  # fmt: skip
def test_loopback_is_local(url):
    assert is_local(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.5", "http://192.168.1.5", "http://172.16.0.1", "http://169.254.169.254",
        "http://[fe80::1]", "http://[fd00::1]", "http://0.0.0.0", "https://api.openai.com/v1",
        "http://localhost.evil.example", "http://127.0.0.1.nip.io", "http://2130706433",
        "http://gpu-box", "http://127.0.0.1@evil.example/", "",
    ],
)  # fmt: skip
def test_all_else_is_not_unless_listed(url):
    assert not is_local(url)


@pytest.mark.parametrize(
    ("url", "entry"),
    [
        ("http://10.1.2.3/v1", "10.0.0.0/8"),
        ("http://192.168.1.5:8000", "192.168.1.5"),
        ("http://[fd00::7]:8000", "fd00::/8"),
        ("http://[::ffff:10.1.2.3]", "10.0.0.0/8"),
        ("http://gpu-box:8000/v1", "gpu-box"),
        ("http://GPU-Box.lan", "gpu-box.lan"),
    ],
)
def test_what_the_user_lists_is_local(url, entry):
    assert is_local(url, ["192.0.2.1", entry])
    assert not is_local(url, ["192.0.2.1"])


@pytest.mark.parametrize("entry", ["", " ", "10.0.0.0/99", "http://a", "300.1.1.1", "a b", 5, "*"])
def test_what_is_no_address_is_refused(entry):
    with pytest.raises(SettingsError):
        is_local("http://10.0.0.1", [entry])
