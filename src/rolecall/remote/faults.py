"""What can go wrong with an object store, in words that name the remedy."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from rolecall.errors import Error, UsageError
from rolecall.remote.names import parts


class RemoteError(Error):
    """An object store does not do what it was asked; ``retryable`` if it may do so later."""

    code = "unreadable"

    def __init__(self, message: str, *, hint: str | None = None, retryable: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.retryable = retryable


KEYS = {
    "s3": "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
    "gs": "set GOOGLE_APPLICATION_CREDENTIALS to the file of a key",
    "abfs": "set AZURE_STORAGE_ACCOUNT and its key, or log in with: az login",
}
"""How each store is told who asks."""
LONGEST = 200
NO_BUCKET = ("nosuchbucket", "no_such_bucket", "bucket does not exist")
DENIED = (
    "access_denied", "accessdenied", "forbidden", "403", "credential", "unauthorized", "401",
    "invalid_access_key", "invalidaccesskey", "signature", "permission",
)  # fmt: skip
LOST = (
    "network_connection", "timeout", "timed out", "could not connect", "couldn't connect",
    "slow_down", "service_unavailable", "503", "500", "resolve host",
)  # fmt: skip


def missing_bucket(url: str) -> RemoteError:
    """The error for a bucket that is not there."""
    scheme, bucket, _ = parts(url)
    return RemoteError(
        f"there is no bucket {bucket!r} at {scheme}://", hint="check the name and the account"
    )


def missing_object(url: str) -> RemoteError:
    """The error for an object that is not there."""
    return RemoteError(f"there is no object {url}", hint="check the address; keys know case")


def missing_extra(what: str, error: Exception) -> UsageError:
    """The error for a package that is not installed."""
    return UsageError(
        f"{what} needs a package that is not installed: {error}",
        hint="pip install 'rolecall[batch]'",
    )


def explained(error: Exception, url: str) -> RemoteError:
    """What a store's library raised, as a `RemoteError`."""
    if isinstance(error, RemoteError):
        return error
    if isinstance(error, FileNotFoundError):
        return missing_object(url)
    text = " ".join(str(error).split())
    low = text.lower()
    scheme = parts(url)[0]
    if any(word in low for word in NO_BUCKET):
        return missing_bucket(url)
    if isinstance(error, PermissionError) or any(word in low for word in DENIED):
        keys = KEYS.get({"abfss": "abfs", "gcs": "gs"}.get(scheme, scheme), "check the keys")
        return RemoteError(f"{url} may not be used with these keys: {text[:LONGEST]}", hint=keys)
    if isinstance(error, ConnectionError | TimeoutError) or any(word in low for word in LOST):
        hint = "check AWS_ENDPOINT_URL and the network" if scheme == "s3" else "check the network"
        return RemoteError(
            f"the store of {url} does not answer: {text[:LONGEST]}", hint=hint, retryable=True
        )
    return RemoteError(f"{url} cannot be used: {text[:LONGEST] or type(error).__name__}")


@contextlib.contextmanager
def told(url: str) -> Iterator[None]:
    """Turn whatever a store's library raises into an `Error` of ours."""
    try:
        yield
    except Error:
        raise
    except ImportError as error:
        raise missing_extra(f"{parts(url)[0]}://", error) from error
    except Exception as error:  # each library has exceptions of its own
        raise explained(error, url) from error
