// The frames of Python calls lie on a stack of their own (MICROPY_ENABLE_PYSTACK). As it comes,
// MicroPython asks the heap for each frame above eleven words, and on a heap that is mostly full
// looks through all of it: a fifth of the processor's time. This port's main does not make the
// stack, so the linker puts this before its mp_init (--wrap).
#include "py/mpstate.h"
#include "py/pystack.h"
#include "py/runtime.h"

// The deepest chain met took ... of it, beat included (docs/figures.md).
#define FRAME_BYTES (6 * 1024)

void __real_mp_init(void);
void __wrap_mp_init(void);

void __wrap_mp_init(void) {
    static mp_obj_t frames[FRAME_BYTES / sizeof(mp_obj_t)];
    mp_pystack_init(frames, &frames[MP_ARRAY_SIZE(frames)]);
    __real_mp_init();
}
