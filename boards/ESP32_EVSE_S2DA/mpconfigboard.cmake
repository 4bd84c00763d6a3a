set(IDF_TARGET esp32s2)
include("${CMAKE_CURRENT_LIST_DIR}/../esp32/board.cmake")
