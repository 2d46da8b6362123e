"""The names that both ends of an upload use (tus 1.0, https://tus.io/protocols/resumable-upload)."""

VERSION = "1.0.0"
UPLOADS, BLOBS = "/v1/uploads", "/v1/blobs"
PIECE_TYPE = "application/offset+octet-stream"
