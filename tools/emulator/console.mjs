// The USB serial port, seen from the host: a terminal that is always there.
//
// Promise: what is printed comes at once, what is typed goes as fast as the firmware takes it.
// Boundary: bytes. rp2040js' USBCDC ends an OUT transfer with nothing when nothing is typed, which
// the firmware answers with the next one at once: here it stays open until there is a byte.
import { USBCDC } from './rp2040js.mjs';

export class Console {
  constructor(mcu) {
    this.usb = mcu.usbCtrl;
    this.cdc = new USBCDC(this.usb);
    this.connected = false;
    this.onData = () => {}; // (bytes)
    this.waiting = []; // typed, and not yet in the port's own queue
    this.open = null; // the OUT transfer that waits
    this.cdc.onDeviceConnected = () => (this.connected = true);
    this.cdc.onSerialData = (bytes) => this.onData(bytes);
    this.finish = this.usb.onEndpointRead;
    this.usb.onEndpointRead = (endpoint, size) => {
      this.open = [endpoint, size];
      this.push();
    };
  }

  type(bytes) {
    for (const byte of bytes) this.waiting.push(byte);
    this.push();
  }

  push() {
    if (!this.open || !this.waiting.length) return;
    const [endpoint, size] = this.open;
    this.open = null;
    for (const byte of this.waiting.splice(0, Math.min(size, 64))) this.cdc.sendSerialByte(byte);
    this.finish(endpoint, size);
  }
}
