"""Upper bounds on what is taken from outside, in bytes unless the name says otherwise."""

CONTROL_MESSAGE = 64 * 1024
SDP = 48 * 1024
REQUEST_BODY = 4 * 1024 * 1024
"""A push or any other request body as it arrives, compressed."""
BATCH_UNPACKED = 16 * 1024 * 1024
BATCH_CHANGES = 1_000
"""Changes in one push or one page of a pull."""
SNAPSHOT_CHANGES = 10_000
"""Changes in one part of a snapshot."""
PAYLOAD = 1024 * 1024
"""One change's payload."""
ROSTER_FILE = 20 * 1024 * 1024
ROSTER_ROWS = 5_000
SITES = 200
"""Sites in one meeting."""
FLOOR_REQUESTS = 400
"""Members of one meeting who wait or speak at a time."""
FLOOR_REQUESTS_PER_SITE = 30
BLOB = 2 * 1024 * 1024 * 1024
"""One attachment or recording."""
UPLOAD_PIECE = REQUEST_BODY
"""One PATCH of an upload, and one range of a download that a terminal asks for."""
FILE_NAME = 200
"""The name of an attached file, in characters."""
USB_PACKAGE = 8 * 1024 * 1024 * 1024
LINE_TEST = 1024 * 1024
"""What a self-test may ask of its line, each way."""
