// A peer of a PPP line may have no address of its own and ask for one (RFC 1332, 3.3). lwIP then
// ends the link, unless it was told what to give. MicroPython has no word for that, so the linker
// puts this before lwIP's ppp_connect (--wrap).
#include "lwip/opt.h"

#if PPP_SUPPORT
#include "lwip/prot/ip.h"
#include "netif/ppp/ppp.h"

err_t __real_ppp_connect(ppp_pcb *line, u16_t holdoff_s);
err_t __wrap_ppp_connect(ppp_pcb *line, u16_t holdoff_s);

err_t __wrap_ppp_connect(ppp_pcb *line, u16_t holdoff_s) {
    ip4_addr_t theirs;
    IP4_ADDR(&theirs, 10, 0, 2, 2); // the host, in the network of tools/emulator
    ppp_set_ipcp_hisaddr(line, &theirs);
    return __real_ppp_connect(line, holdoff_s);
}
#endif
