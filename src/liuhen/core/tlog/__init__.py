"""A log an outsider can check: RFC 9162 Merkle tree in C2SP tiles, signed checkpoints, offline proofs."""
