#define MICROPY_HW_BOARD_NAME "TEMPLATE"
#define MICROPY_PY_NETWORK_HOSTNAME_DEFAULT "evse"
#define MICROPY_PY_NETWORK (1)

// The end of the 2 MiB: what file_blocks and the rest of board.py divide. 4 KiB each.
#define MICROPY_HW_FLASH_STORAGE_BYTES (1024 * 1024)

// The W5500 breakout, on the pins that board.py names for it.
#define MICROPY_HW_WIZNET_SPI_ID (0)
#define MICROPY_HW_WIZNET_SPI_BAUDRATE (20 * 1000 * 1000)
#define MICROPY_HW_WIZNET_SPI_SCK (18)
#define MICROPY_HW_WIZNET_SPI_MOSI (19)
#define MICROPY_HW_WIZNET_SPI_MISO (16)
#define MICROPY_HW_WIZNET_PIN_CS (17)
#define MICROPY_HW_WIZNET_PIN_RST (20)
