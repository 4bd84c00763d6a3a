#define MICROPY_HW_BOARD_NAME "OPENEVSE_GATEWAY"
#define MICROPY_HW_MCU_NAME "ESP32"
#define MICROPY_PY_NETWORK_HOSTNAME_DEFAULT "evse"

// No radio is used; Bluetooth would take heap.
#define MICROPY_PY_BLUETOOTH (0)
