"""
The control plane: an emulator is driven over HTTP, by tests in other processes and languages.

It is a service like the others, of paths below ``/emulator`` that Globus does not have. Faults do not apply to it, and
its requests are not recorded. It accepts requests from this machine only, and none that a web page could send.
"""
