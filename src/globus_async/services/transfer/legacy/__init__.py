"""Methods for concepts of earlier Globus versions: endpoint activation and endpoint servers."""
