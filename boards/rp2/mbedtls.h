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

#endif
