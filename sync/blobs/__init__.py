"""附件与录制: content by its SHA-256, sealed on the disk, sent by tus and fetched by range.

What names a blob is an `attachment` record; a blob without one is nobody's.
"""
