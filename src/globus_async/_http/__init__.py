"""An HTTP exchange as values: requests, responses, headers, bodies. No I/O and no clock."""
