// A plain Pico. Nothing is kept on its flash.
#define MICROPY_HW_BOARD_NAME "PICO_SATELLITE"
#define MICROPY_HW_FLASH_STORAGE_BYTES (0 * 1024)
#define MICROPY_PY_NETWORK (0)
#define MICROPY_PY_SSL (0)
