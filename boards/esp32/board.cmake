# What all boards on these chips share; included by the mpconfigboard.cmake of each, after
#     set(IDF_TARGET ...)                  only where it is not the first ESP32
#     set(EVSE_SDKCONFIG ...)              more files of options, optional
# MicroPython reads the options relative to ports/esp32; the path of our own table is absolute.
set(MICROPY_FROZEN_MANIFEST "${MICROPY_BOARD_DIR}/manifest.py")
set(EVSE_PARTITIONS "${CMAKE_BINARY_DIR}/sdkconfig.partitions")
file(WRITE "${EVSE_PARTITIONS}"
    "CONFIG_PARTITION_TABLE_CUSTOM_FILENAME=\"${CMAKE_CURRENT_LIST_DIR}/partitions-4MiB.csv\"\n")
set(SDKCONFIG_DEFAULTS
    boards/sdkconfig.base
    ${SDKCONFIG_IDF_VERSION_SPECIFIC}
    ${CMAKE_CURRENT_LIST_DIR}/sdkconfig.evse
    ${EVSE_SDKCONFIG}
    ${MICROPY_BOARD_DIR}/sdkconfig.board
    ${EVSE_PARTITIONS}
)
