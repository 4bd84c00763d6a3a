/* What stands at address 0 of the emulated RP2040 in place of Raspberry Pi's mask ROM, which is not
 * redistributed here: the start of an image, and those services of the ROM that an image calls.
 *
 * Written from the RP2040 datasheet, section 2.8: 2.8.1 boot sequence, 2.8.3 bootrom contents (the
 * tables of two-letter codes are in rom.ld), 2.8.3.2 the soft float library's table. A service that
 * is not here stops the emulator at a breakpoint with its number, it never answers wrong.
 * No claim about time: flash operations are handed to a peripheral of the emulator, which takes as
 * long as the flash does, and soft float is the compiler's, slower than the ROM's.
 */
#include <stdint.h>

#define FLASH 0x10000000u
#define BOOT2_BYTES 256
#define VTOR (*(volatile uint32_t *)0xe000ed08u) /* ARMv6-M B3.2.5 */

/* The emulator's flash. A write to `operation` does it at once; the processor goes on afterwards. */
struct flash_port {
    volatile uint32_t operation, offset, count, source;
};
#define PORT ((struct flash_port *)0x60000000u)
enum { ERASE = 1, PROGRAM = 2, USB_BOOT = 3 };

enum { NO_SERVICE = 0xf1, FAULT = 0xf2 };
#define STOP(number) __asm volatile("bkpt %0" : : "i"(number))

void rom_no_service(void) {
    for (;;) {
        STOP(NO_SERVICE);
    }
}

void rom_fault(void) {
    for (;;) {
        STOP(FAULT);
    }
}

void rom_nothing(void) {
}

/* --- start ------------------------------------------------------------------------------------ */

/* 2.8.1.3.1: the second stage is valid when its last word is the CRC-32 of what is before it. */
static int second_stage_is_valid(void) {
    const uint8_t *byte = (const uint8_t *)FLASH;
    uint32_t sum = 0xffffffffu;
    for (int n = 0; n < BOOT2_BYTES - 4; n++) {
        sum ^= (uint32_t)byte[n] << 24;
        for (int bit = 0; bit < 8; bit++) {
            sum = sum & 0x80000000u ? sum << 1 ^ 0x04c11db7u : sum << 1;
        }
    }
    return sum == *(const uint32_t *)(FLASH + BOOT2_BYTES - 4);
}

void rom_usb_boot(uint32_t activity_pin, uint32_t disabled_interfaces) {
    PORT->operation = USB_BOOT;
    for (;;) {
        STOP(NO_SERVICE);
    }
}

/* The second stage itself would only set the flash's bus up, which the emulator has not got: on
 * with what it would have jumped to, the image's own vectors. */
void rom_start(void) {
    if (!second_stage_is_valid()) {
        rom_usb_boot(0, 0);
    }
    const uint32_t *vectors = (const uint32_t *)(FLASH + BOOT2_BYTES);
    VTOR = (uint32_t)vectors;
    __asm volatile("msr msp, %0\n\tbx %1" : : "r"(vectors[0]), "r"(vectors[1]));
    __builtin_unreachable();
}

/* --- 2.8.3.1.1 to 2.8.3.1.3: looking up, bits, memory ------------------------------------------- */

void *rom_lookup(const uint16_t *table, uint32_t code) {
    for (; table[0]; table += 2) {
        if (table[0] == code) {
            return (void *)(uintptr_t)table[1];
        }
    }
    return 0;
}

uint32_t rom_popcount(uint32_t word) {
    uint32_t ones = 0;
    for (; word; word &= word - 1) {
        ones++;
    }
    return ones;
}

uint32_t rom_leading_zeros(uint32_t word) {
    uint32_t zeros = 32;
    for (uint32_t half = 16; half; half >>= 1) {
        if (word >> half) {
            word >>= half;
            zeros -= half;
        }
    }
    return word ? zeros - 1 : zeros;
}

uint32_t rom_trailing_zeros(uint32_t word) {
    return word ? 31 - rom_leading_zeros(word & -word) : 32;
}

uint32_t rom_reversed(uint32_t word) {
    uint32_t result = 0;
    for (int bit = 0; bit < 32; bit++, word >>= 1) {
        result = result << 1 | (word & 1);
    }
    return result;
}

/* The garbage collector lives on these two: words at a time, and never a call of themselves. */
__attribute__((optimize("O2"))) uint8_t *rom_memset(uint8_t *to, uint8_t value, uint32_t count) {
    uint8_t *at = to;
    uint32_t four = value * 0x01010101u;
    for (; count && (uintptr_t)at & 3; count--) {
        *at++ = value;
    }
    uint32_t *word = (uint32_t *)at;
    for (; count >= 4; count -= 4) {
        *word++ = four;
    }
    for (at = (uint8_t *)word; count; count--) {
        *at++ = value;
    }
    return to;
}

__attribute__((optimize("O2"))) uint8_t *rom_memcpy(uint8_t *to, const uint8_t *from, uint32_t count) {
    uint8_t *at = to;
    if ((((uintptr_t)at ^ (uintptr_t)from) & 3) == 0) {
        for (; count && (uintptr_t)at & 3; count--) {
            *at++ = *from++;
        }
        uint32_t *word = (uint32_t *)at;
        const uint32_t *source = (const uint32_t *)from;
        for (; count >= 16; count -= 16) {
            uint32_t a = source[0], b = source[1], c = source[2], d = source[3];
            word[0] = a, word[1] = b, word[2] = c, word[3] = d;
            word += 4, source += 4;
        }
        for (; count >= 4; count -= 4) {
            *word++ = *source++;
        }
        at = (uint8_t *)word, from = (const uint8_t *)source;
    }
    for (; count; count--) {
        *at++ = *from++;
    }
    return to;
}

/* --- 2.8.3.1.3 flash ---------------------------------------------------------------------------- */

void rom_flash_erase(uint32_t offset, uint32_t count, uint32_t block_size, uint8_t block_command) {
    PORT->offset = offset;
    PORT->count = count;
    PORT->operation = ERASE;
}

void rom_flash_program(uint32_t offset, const uint8_t *data, uint32_t count) {
    PORT->offset = offset;
    PORT->count = count;
    PORT->source = (uint32_t)data;
    PORT->operation = PROGRAM;
}

/* --- 2.8.3.2 soft float ------------------------------------------------------------------------- */

/* Conversions to an integer round down and saturate; a NaN has no result, 0 here. Written once for
 * each pair of types; the unsigned ones saturate at 0. */
#define CONVERSIONS(real, name)                                                                     \
    static real name##_add(real a, real b) { return a + b; }                                        \
    static real name##_sub(real a, real b) { return a - b; }                                        \
    static real name##_mul(real a, real b) { return a * b; }                                        \
    static real name##_div(real a, real b) { return a / b; }                                        \
    static int32_t name##_compare(real a, real b) { return (a > b) - (a < b); }                     \
    static int64_t name##_to_int64(real x) {                                                        \
        if (!(x > (real)INT64_MIN)) {                                                               \
            return x != x ? 0 : INT64_MIN;                                                          \
        }                                                                                           \
        if (x >= (real)INT64_MAX) {                                                                 \
            return INT64_MAX;                                                                       \
        }                                                                                           \
        int64_t whole = (int64_t)x;                                                                 \
        return (real)whole > x ? whole - 1 : whole;                                                 \
    }                                                                                               \
    static uint64_t name##_to_uint64(real x) {                                                      \
        return !(x > 0) ? 0 : x >= (real)UINT64_MAX ? UINT64_MAX : (uint64_t)x;                     \
    }                                                                                               \
    static int32_t name##_to_int(real x) {                                                          \
        int64_t whole = name##_to_int64(x);                                                         \
        return whole > INT32_MAX ? INT32_MAX : whole < INT32_MIN ? INT32_MIN : (int32_t)whole;      \
    }                                                                                               \
    static uint32_t name##_to_uint(real x) {                                                        \
        uint64_t whole = name##_to_uint64(x);                                                       \
        return whole > UINT32_MAX ? UINT32_MAX : (uint32_t)whole;                                   \
    }                                                                                               \
    static real name##_of_int(int32_t x) { return (real)x; }                                        \
    static real name##_of_uint(uint32_t x) { return (real)x; }                                      \
    static real name##_of_int64(int64_t x) { return (real)x; }                                      \
    static real name##_of_uint64(uint64_t x) { return (real)x; }

CONVERSIONS(float, single)
CONVERSIONS(double, twice)

static double single_to_twice(float x) {
    return x;
}

static float twice_to_single(double x) {
    return (float)x;
}

/* Offsets as the datasheet numbers them. A real ROM's table has its length two bytes before it. */
#define ENTRIES 32
struct table {
    uint16_t before;
    uint8_t entries, after;
    void *entry[ENTRIES];
};
#define AT(offset) [(offset) / 4]
#define TABLE(name, convert)                                                                        \
    {                                                                                               \
        .entries = ENTRIES, .entry = {                                                              \
            [0 ... ENTRIES - 1] = rom_no_service,                                                   \
            AT(0x00) = name##_add, AT(0x04) = name##_sub, AT(0x08) = name##_mul,                    \
            AT(0x0c) = name##_div, AT(0x10) = name##_compare, AT(0x1c) = name##_to_int,             \
            AT(0x24) = name##_to_uint, AT(0x2c) = name##_of_int, AT(0x34) = name##_of_uint,         \
            AT(0x54) = name##_compare, AT(0x5c) = name##_of_int64, AT(0x64) = name##_of_uint64,     \
            AT(0x6c) = name##_to_int64, AT(0x74) = name##_to_uint64, AT(0x7c) = convert,            \
        },                                                                                          \
    }

const struct table rom_float = TABLE(single, single_to_twice);
const struct table rom_double = TABLE(twice, twice_to_single);
