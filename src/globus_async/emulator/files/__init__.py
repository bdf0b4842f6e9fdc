"""The emulated HTTPS servers of collections."""
