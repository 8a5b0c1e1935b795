"""Store, verify, repair, rebuild: recordings <-> core.ocfl + core.blobs."""
