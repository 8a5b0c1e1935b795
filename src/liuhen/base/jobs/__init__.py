"""Background work: a small table of jobs, the worker that runs them, and the rules of who may ask for which."""
