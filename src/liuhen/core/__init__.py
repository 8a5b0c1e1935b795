"""Floor 1: bytes, rules and proofs. No Django, no clock, no database; `at` is always passed in."""
