"""The emulated Globus Groups: groups with policies and subgroups, and memberships in all their states."""
