"""A store that speaks S3's protocol on loopback."""

import logging
from collections.abc import Iterator

import pytest

pytest.importorskip("moto.server")
pytest.importorskip("pyarrow.fs")


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an empty bucket."""
    import boto3

    for name, value in {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    from rolecall.remote import stores

    stores._opened.cache_clear()
    boto3.client("s3").create_bucket(Bucket="pages")
    yield "s3://pages"
    client = boto3.client("s3")
    found = client.list_objects_v2(Bucket="pages").get("Contents", [])
    for one in found:
        client.delete_object(Bucket="pages", Key=one["Key"])
    client.delete_bucket(Bucket="pages")
    stores._opened.cache_clear()
