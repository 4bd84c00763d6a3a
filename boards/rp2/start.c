// What comes before MicroPython's own beginning, at power on and at each soft reset: its stack of
// frames, and free cells for Mbed TLS (tls_cells.c). This port's main knows of neither, so the linker
// puts this before its mp_init (--wrap).
//
// The frames of Python calls lie on a stack of their own (MICROPY_ENABLE_PYSTACK). As it comes,
// MicroPython asks the heap for each frame above eleven words, and on a heap that is mostly full
// looks through all of it: a fifth of the processor's time.
#include "py/mpstate.h"
#include "py/pystack.h"
#include "py/runtime.h"

// Full, it raises RuntimeError. What is used at most: docs/figures.md.
#define FRAME_BYTES (4 * 1024)
mp_obj_t evse_frames[FRAME_BYTES / sizeof(mp_obj_t)];

void evse_tls_forget(void);
void __real_mp_init(void);
void __wrap_mp_init(void);

void __wrap_mp_init(void) {
    mp_pystack_init(evse_frames, &evse_frames[MP_ARRAY_SIZE(evse_frames)]);
    #if MICROPY_SSL_MBEDTLS
    evse_tls_forget();
    #endif
    __real_mp_init();
}
