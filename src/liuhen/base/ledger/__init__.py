"""留痕: append-only history, its signed checkpoints and proofs; the only writer of history."""
