"""Memory that survives.  Devices and files come in as objects; no word of OCPP is known here.

journal (ring, walk, header, region; pack, digits, packed) keeps records on raw flash, volatile the
same in RAM; settings the configuration keys; id_table and id_cache (id_file, id_merge, id_record)
the idTags; slots (switch, bundle, bundle_sink) another tree of firmware; events (repeat) what has
happened; log and redact the last lines said, in RAM; archive makes a tar of texts.
"""
