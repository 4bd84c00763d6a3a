set(PICO_BOARD "pico")
include("${CMAKE_CURRENT_LIST_DIR}/../rp2/board.cmake")
