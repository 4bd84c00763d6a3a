# cyw43-driver is not in Debian's source package: build with MPY_DIR naming MicroPython's own tree.
set(PICO_BOARD pico_w)
set(MICROPY_PY_LWIP ON)
set(MICROPY_PY_NETWORK_CYW43 ON)
include("${CMAKE_CURRENT_LIST_DIR}/../rp2/board.cmake")
