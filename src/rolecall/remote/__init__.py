"""Object stores: bytes at `s3://`, `gs://` and other addresses, read and written as streams."""
