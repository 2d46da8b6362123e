"""The records: entities, change log, merge, replication, documents, identity, export. Knows nothing of media or Qt."""
