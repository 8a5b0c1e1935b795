"""Floor 4, the terminal door: one thin file a stage; no rule lives here."""
