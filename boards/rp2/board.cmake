# What all boards on this chip share; included by the mpconfigboard.cmake of each, after
#     set(EVSE_STACK_BYTES 0x2800)            the C stack, optional
#     set(EVSE_LINK_OPTIONS -Wl,...)          for the linker, optional
#     set(MICROPY_SOURCE_BOARD ...)           C of its own, optional
# MicroPython's own tree is not changed: what it fixes elsewhere is set right at the end of its
# CMakeLists.txt, and a text that is not found there any more stops the build.
cmake_minimum_required(VERSION 3.19) # cmake_language(DEFER)

set(PICO_PLATFORM "rp2040")
set(EVSE_RP2 "${CMAKE_CURRENT_LIST_DIR}")
set(MICROPY_FROZEN_MANIFEST "${MICROPY_BOARD_DIR}/manifest.py")
set(MBEDTLS_CONFIG_FILE "${EVSE_RP2}/mbedtls.h")
list(APPEND MICROPY_DEF_BOARD "MP_CONFIGFILE=\"${EVSE_RP2}/config.h\"")
list(APPEND MICROPY_SOURCE_BOARD "${EVSE_RP2}/absent.c" "${EVSE_RP2}/start.c" "${EVSE_RP2}/tls_cells.c")
if(NOT EVSE_STACK_BYTES)
    set(EVSE_STACK_BYTES 0x2800)
endif()

function(evse_firmware)
    target_link_options(firmware PRIVATE -Wl,--wrap=mp_init ${EVSE_LINK_OPTIONS})
    target_include_directories(firmware BEFORE PRIVATE "${EVSE_RP2}/lwip")

    # A stack above 8 KiB grows below the two 4 KiB banks it lives in: the heap ends lower.
    get_target_property(defines firmware COMPILE_DEFINITIONS)
    list(FIND defines "PICO_STACK_SIZE=0x2000" at)
    if(at EQUAL -1)
        message(FATAL_ERROR "boards/rp2/board.cmake: MicroPython sets its stack in another way")
    endif()
    list(REMOVE_AT defines ${at})
    list(APPEND defines "PICO_STACK_SIZE=${EVSE_STACK_BYTES}")
    set_target_properties(firmware PROPERTIES COMPILE_DEFINITIONS "${defines}")

    get_target_property(theirs firmware PICO_TARGET_LINKER_SCRIPT)
    file(READ "${theirs}" script)
    set(end "__GcHeapEnd = ORIGIN(RAM) + LENGTH(RAM);")
    string(FIND "${script}" "${end}" at)
    if(at EQUAL -1)
        message(FATAL_ERROR "boards/rp2/board.cmake: MicroPython ends its heap in another way")
    endif()
    string(REPLACE "${end}" "__GcHeapEnd = MIN(ORIGIN(RAM) + LENGTH(RAM), __StackBottom);" script "${script}")
    file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/memmap.ld" CONTENT "@script@" @ONLY)
    pico_set_linker_script(firmware "${CMAKE_BINARY_DIR}/memmap.ld")
endfunction()
cmake_language(DEFER CALL evse_firmware)
