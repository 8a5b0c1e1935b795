"""The pages: one thin file a stage; no rule lives here."""
