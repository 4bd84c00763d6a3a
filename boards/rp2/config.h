// MicroPython's configuration for our boards on this chip: its port's own, less what the firmware
// never uses. Its place is given by MP_CONFIGFILE (py/mpconfig.h), so that MicroPython's tree stays
// as it is. Beside each group: the bytes of flash it saves, and of RAM where it does, measured on
// RP2040_RIG by the linker's map with and without. A TLS record may have 16 KiB (RFC 5246 6.2.1), so
// mbedtls keeps its buffers.
#include <mpconfigport.h>

// An update slot is a ROMFS image, mounted where it lies (firmware/start.py): the file system, but
// no partition of its own.
#undef MICROPY_VFS_ROM
#define MICROPY_VFS_ROM (1)
#define MICROPY_VFS_ROM_IOCTL (0)

// FAT, 13.4 KB. The storage is LittleFS and raw blocks.
#undef MICROPY_VFS_FAT
#define MICROPY_VFS_FAT (0)

// Python's frames on a stack of their own: start.c.
#define MICROPY_ENABLE_PYSTACK (1)

// threads, 1.7 KB, RAM 290. The firmware is one asyncio loop and one interrupt, the second core sleeps.
#undef MICROPY_PY_THREAD
#define MICROPY_PY_THREAD (0)

// Doors besides the prompt that firmware/console.py shuts: one on a UART, and a host that sets 1200 baud
// and finds itself in the loader, where the flash can be read.
#undef MICROPY_HW_ENABLE_UART_REPL
#define MICROPY_HW_ENABLE_UART_REPL (0)
#undef MICROPY_HW_USB_CDC_1200BPS_TOUCH
#define MICROPY_HW_USB_CDC_1200BPS_TOUCH (0)

// USB devices in Python, 2.6 KB. The console is USB's serial port.
#undef MICROPY_HW_ENABLE_USB_RUNTIME_DEVICE
#define MICROPY_HW_ENABLE_USB_RUNTIME_DEVICE (0)

// modules nobody imports, 21.2 KB. (deflate stays: binascii.crc32 is made of it.)
#define MICROPY_PY_FRAMEBUF (0)
#define MICROPY_PY_CMATH (0)
#define MICROPY_PY_MATH (0)
#define MICROPY_PY_HEAPQ (0)
#define MICROPY_PY_RE (0)
#define MICROPY_PY_RANDOM (0)
#define MICROPY_PY_PLATFORM (0)
#undef MICROPY_PY_CRYPTOLIB
#define MICROPY_PY_CRYPTOLIB (0)

// MicroPython's WebSocket and prompt over the network, 2.6 KB. Ours is firmware/wire.
#undef MICROPY_PY_WEBSOCKET
#define MICROPY_PY_WEBSOCKET (0)
#undef MICROPY_PY_WEBREPL
#define MICROPY_PY_WEBREPL (0)
#undef MICROPY_PY_OS_DUPTERM
#define MICROPY_PY_OS_DUPTERM (0)
#undef MICROPY_PY_OS_DUPTERM_NOTIFY

// buses and chips no board has, 5.7 KB, RAM 256. The port does not compile without I2C.
#undef MICROPY_PY_MACHINE_SOFTSPI
#define MICROPY_PY_MACHINE_SOFTSPI (0)
#undef MICROPY_PY_MACHINE_I2S
#define MICROPY_PY_MACHINE_I2S (0)
#undef MICROPY_PY_MACHINE_BITSTREAM
#define MICROPY_PY_MACHINE_BITSTREAM (0)
#undef MICROPY_PY_MACHINE_DHT_READINTO
#define MICROPY_PY_MACHINE_DHT_READINTO (0)
#undef MICROPY_PY_MACHINE_PULSE
#define MICROPY_PY_MACHINE_PULSE (0)
#undef MICROPY_PY_ONEWIRE
#define MICROPY_PY_ONEWIRE (0)

// raw IP sockets, 1 KB.
#undef MICROPY_PY_LWIP_SOCK_RAW
#define MICROPY_PY_LWIP_SOCK_RAW (0)
