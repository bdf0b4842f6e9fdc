"""Methods of earlier Globus versions: activation and GridFTP servers."""
