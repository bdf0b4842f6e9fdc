"""Documents for requests to Globus Connect Server, dicts that need no client and do no I/O."""
