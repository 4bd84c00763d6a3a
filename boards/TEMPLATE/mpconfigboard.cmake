set(PICO_BOARD pico)
set(MICROPY_PY_LWIP ON)
set(MICROPY_PY_NETWORK_WIZNET5K W5500) # its name up to MicroPython 1.26
set(MICROPY_PY_NETWORK_WIZNET6K W5500) # and after
include("${CMAKE_CURRENT_LIST_DIR}/../rp2/board.cmake")
