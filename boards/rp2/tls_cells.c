// Where Mbed TLS keeps its numbers on this chip. A handshake asks for some 4,000 of them, one after
// the other, nearly all of 32 to 80 bytes: of MicroPython's heap each is looked for through all that
// is in use there, and set free into a list. Here it is a bit in a word. What is larger, or finds
// no cell, comes from the heap as before (RSA's numbers do).
#include <stdint.h>
#include <string.h>

#include "py/mpconfig.h"
#include "py/misc.h"

#if MICROPY_SSL_MBEDTLS

// A handshake with keys of P-256, ours among them, has at most 38 and 40 of these at once.
#define SMALL_BYTES 32
#define LARGE_BYTES 80
#define WORDS 2 // of 32 cells each

typedef struct {
    uint32_t free[WORDS];
    uint8_t *cells;
    uint32_t bytes; // of a cell
} pool_t;

static uint64_t small[WORDS * 32 * SMALL_BYTES / 8];
static uint64_t large[WORDS * 32 * LARGE_BYTES / 8];
static pool_t pools[] = { // none is free until evse_tls_forget() was called
    { {0}, (uint8_t *)small, SMALL_BYTES },
    { {0}, (uint8_t *)large, LARGE_BYTES },
};

void *evse_tls_calloc(size_t count, size_t size);
void evse_tls_free(void *ptr);
void evse_tls_forget(void);
void *m_tracked_calloc(size_t count, size_t size);
void m_tracked_free(void *ptr);

static void *take(pool_t *pool) {
    for (uint32_t w = 0; w < WORDS; w++) {
        if (pool->free[w]) {
            uint32_t bit = __builtin_ctz(pool->free[w]);
            pool->free[w] &= ~(1u << bit);
            return memset(pool->cells + (32 * w + bit) * pool->bytes, 0, pool->bytes);
        }
    }
    return NULL;
}

void *evse_tls_calloc(size_t count, size_t size) {
    if (count && size <= LARGE_BYTES / count) {
        void *cell = count * size <= SMALL_BYTES ? take(&pools[0]) : NULL;
        cell = cell ? cell : take(&pools[1]);
        if (cell) {
            return cell;
        }
    }
    return m_tracked_calloc(count, size);
}

void evse_tls_free(void *ptr) {
    for (uint32_t k = 0; k < MP_ARRAY_SIZE(pools); k++) {
        pool_t *pool = &pools[k];
        uint32_t at = (uint8_t *)ptr - pool->cells;
        if (at < WORDS * 32 * pool->bytes) {
            at /= pool->bytes;
            pool->free[at / 32] |= 1u << at % 32;
            return;
        }
    }
    m_tracked_free(ptr);
}

// Before MicroPython begins, and begins anew: nobody has one (start.c calls this).
void evse_tls_forget(void) {
    for (uint32_t k = 0; k < MP_ARRAY_SIZE(pools); k++) {
        memset(pools[k].free, 0xff, sizeof(pools[k].free));
    }
}
#endif
