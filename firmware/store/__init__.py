"""Memory that survives: settings and, later, the journal.  Files come in as objects.
