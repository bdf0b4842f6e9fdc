"""Globus Auth: logins, tokens, identities, and the registration of clients."""
