// lwIP as MicroPython has it, less what the firmware never uses. Found before MicroPython's own.
#ifndef EVSE_LWIPOPTS_H
#define EVSE_LWIPOPTS_H
#include_next <lwipopts.h>

// mDNS, 13.6 KB, RAM 1.4 KB. A charge point calls its CSMS; nobody looks it up.
#undef LWIP_MDNS_RESPONDER
#define LWIP_MDNS_RESPONDER 0
#undef LWIP_DNS_SUPPORT_MDNS_QUERIES
#define LWIP_DNS_SUPPORT_MDNS_QUERIES 0
#undef LWIP_NUM_NETIF_CLIENT_DATA
#define LWIP_NUM_NETIF_CLIENT_DATA 0

#endif
