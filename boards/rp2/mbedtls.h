// mbedtls as MicroPython has it, less what no CSMS needs: certificates have RSA or P-256 keys
// (docs/security.md); P-384 is left for an authority that signs with it.
#ifndef EVSE_MBEDTLS_H
#define EVSE_MBEDTLS_H
#include "mbedtls/mbedtls_config_port.h"

// Curves 14.8 KB, DTLS 5.4 KB.
#undef MBEDTLS_ECP_DP_SECP192R1_ENABLED
#undef MBEDTLS_ECP_DP_SECP224R1_ENABLED
#undef MBEDTLS_ECP_DP_SECP192K1_ENABLED
#undef MBEDTLS_ECP_DP_SECP224K1_ENABLED
#undef MBEDTLS_ECP_DP_SECP256K1_ENABLED
#undef MBEDTLS_ECP_DP_SECP521R1_ENABLED
#undef MBEDTLS_SSL_PROTO_DTLS

// Keys and chains are kept as PEM (firmware/store/credentials.py), and provisioned so: 1.5 KB.
#define MBEDTLS_BASE64_C
#define MBEDTLS_PEM_PARSE_C

// A handshake took 6.2 s with each number on MicroPython's heap, and takes 2.0 (tls_cells.c).
#include <stddef.h>
void *evse_tls_calloc(size_t count, size_t size);
void evse_tls_free(void *ptr);
#undef MBEDTLS_PLATFORM_STD_CALLOC
#define MBEDTLS_PLATFORM_STD_CALLOC evse_tls_calloc
#undef MBEDTLS_PLATFORM_STD_FREE
#define MBEDTLS_PLATFORM_STD_FREE evse_tls_free

#endif
