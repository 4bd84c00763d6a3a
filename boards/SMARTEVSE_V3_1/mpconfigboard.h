#define MICROPY_HW_BOARD_NAME "SMARTEVSE_V3_1"
#define MICROPY_HW_MCU_NAME "ESP32"
#define MICROPY_PY_NETWORK_HOSTNAME_DEFAULT "evse"

// The radio is for Wi-Fi alone; Bluetooth would take heap.
#define MICROPY_PY_BLUETOOTH (0)
