"""
Journals: files that record each step of a long submission before and after it, so that it survives a crash.

==============  ========================================================================
`file`          `JournalFile`: opened, locked and extended by one line at a time
`shared_file`   the same, for the writers of several machines
`log`           `JournalLog`: lines of JSON after a header; what they mean is its subclass's
==============  ========================================================================
"""
