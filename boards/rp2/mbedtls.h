// mbedtls as MicroPython has it, less what no CSMS may ask for: OCPP's security whitepaper wants
// TLS 1.2 with RSA or P-256 (A00.FR.311 to .319), P-384 is left for a root that uses it.
#ifndef EVSE_MBEDTLS_H
#define EVSE_MBEDTLS_H
#include "mbedtls/mbedtls_config_port.h"

// group: curves and DTLS.
#undef MBEDTLS_ECP_DP_SECP192R1_ENABLED
#undef MBEDTLS_ECP_DP_SECP224R1_ENABLED
#undef MBEDTLS_ECP_DP_SECP192K1_ENABLED
#undef MBEDTLS_ECP_DP_SECP224K1_ENABLED
#undef MBEDTLS_ECP_DP_SECP256K1_ENABLED
#undef MBEDTLS_ECP_DP_SECP521R1_ENABLED
#undef MBEDTLS_SSL_PROTO_DTLS

#endif
