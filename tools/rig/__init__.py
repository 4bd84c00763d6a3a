"""The bench: a virtual car, contactor, meter, reader and network around the firmware's process."""
