"""Memory that survives: settings, and records.  Files and stores come in as objects."""
