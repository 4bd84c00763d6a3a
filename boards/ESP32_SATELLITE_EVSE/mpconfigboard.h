#define MICROPY_HW_BOARD_NAME "ESP32_SATELLITE_EVSE"
#define MICROPY_HW_MCU_NAME "ESP32S3"
#define MICROPY_PY_NETWORK_HOSTNAME_DEFAULT "evse"

// The radio is for Wi-Fi alone; Bluetooth would take heap.
#define MICROPY_PY_BLUETOOTH (0)
#define MICROPY_HW_ENABLE_SDCARD (0)

// UART0 is the line to the satellite: the console is USB Serial/JTAG, and nothing else.
#define MICROPY_HW_ENABLE_USBDEV (0)
#define MICROPY_HW_USB_CDC (0)
#define MICROPY_HW_ENABLE_UART_REPL (0)
