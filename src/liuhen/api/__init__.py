"""The API, /api/v1: thin; every operation calls the same selectors, services and acts as the pages."""
