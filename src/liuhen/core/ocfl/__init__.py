"""One recording's durable home: an OCFL 1.1 object that any OCFL tool can read without us."""
