"""Tokens for machines: granted by two, fetched once by the account they stand for, narrower than it, and they end."""
