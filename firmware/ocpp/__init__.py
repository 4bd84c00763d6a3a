"""The words of OCPP. No socket, no pin."""
