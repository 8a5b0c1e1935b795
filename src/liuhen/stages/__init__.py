"""Floor 3: what happens to a record, in the order it happens; a stage imports only earlier ones."""
