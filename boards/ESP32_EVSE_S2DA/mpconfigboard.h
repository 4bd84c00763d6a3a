#define MICROPY_HW_BOARD_NAME "ESP32_EVSE_S2DA"
#define MICROPY_HW_MCU_NAME "ESP32S2"
#define MICROPY_PY_NETWORK_HOSTNAME_DEFAULT "evse"

// This chip has no Bluetooth.
#define MICROPY_PY_BLUETOOTH (0)
#define MICROPY_HW_ENABLE_SDCARD (0)

// GPIO19 and 20 drive the lock: the chip's own USB must never touch them. The console is UART0.
#define MICROPY_HW_ENABLE_USBDEV (0)
#define MICROPY_HW_USB_CDC (0)
#define MICROPY_HW_ENABLE_UART_REPL (1)
