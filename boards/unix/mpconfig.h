// The unix build of tools/image_unix.py: MicroPython's own configuration, but the stack an import takes,
// which is 4096 bytes there for a path and 512 on a chip. Ten imports deep would be too deep.
#include <mpconfigport.h>
#undef MICROPY_ALLOC_PATH_MAX
#define MICROPY_ALLOC_PATH_MAX (512)
// This would need the 4096.
#undef MICROPY_PY_SYS_EXECUTABLE
#define MICROPY_PY_SYS_EXECUTABLE (0)
