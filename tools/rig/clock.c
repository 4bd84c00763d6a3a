/* The bench's clock inside the firmware's process (LD preload). One clock, kept by the bench, read by both sides.
 *
 * Promise: with EVSE_WIRES set, CLOCK_MONOTONIC is the bench's clock and every wait (poll, usleep, nanosleep,
 * select without descriptors) ends when that clock has reached the deadline. Before it waits, the process says so
 * in the wires (idle_at) and on EVSE_IDLE_FD: the bench moves the clock only then. Bytes written to a tty are
 * counted, so that the bench knows when a request has passed the kernel's tty queue.
 * Boundary: no other clock is touched; without EVSE_WIRES everything passes through. If the bench dies the tick
 * pipe hangs up and the process ends.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

enum { WIRES_BYTES = 4096, CLOCK_INT64 = 4, IDLE_INT64 = 5, TTY_BYTES_SLOT = 20, MOST_FDS = 256, LAG_MS = 10 };

static int64_t *wires;
static int tick_fd = -1, idle_fd = -1;
static int64_t seen_ms, sub_us; /* the moment this process lives in */

static int fd_from_env(const char *name) {
    const char *text = getenv(name);
    return text ? atoi(text) : -1;
}

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("EVSE_WIRES");
    if (!path || !*path) {
        return;
    }
    int fd = open(path, O_RDWR | O_CLOEXEC);
    tick_fd = fd_from_env("EVSE_TICK_FD");
    idle_fd = fd_from_env("EVSE_IDLE_FD");
    void *at = fd < 0 ? MAP_FAILED : mmap(NULL, WIRES_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED || tick_fd < 0 || idle_fd < 0) {
        static const char why[] = "clock: EVSE_WIRES, EVSE_TICK_FD or EVSE_IDLE_FD is not usable\n";
        (void)!syscall(SYS_write, 2, why, sizeof(why) - 1);
        _exit(70);
    }
    close(fd);
    wires = at;
    seen_ms = wires[CLOCK_INT64];
}

static int64_t clock_ms(void) {
    return __atomic_load_n(&wires[CLOCK_INT64], __ATOMIC_ACQUIRE);
}

static int64_t look_at_clock(void) {
    seen_ms = clock_ms();
    sub_us = 0;
    return seen_ms;
}

/* While the process works its clock stands, even if the bench has begun the next quantum because this process had
 * been at rest and was then woken by the network: a time-out must not be counted from a moment nobody saw. If the
 * bench goes on without us, because it takes us for hung, we notice. Microseconds move by one a call, up to 999:
 * a busy wait of some microseconds ends. */
static int64_t clock_us(void) {
    if (clock_ms() - seen_ms > LAG_MS) {
        look_at_clock();
    } else if (sub_us < 999) {
        sub_us++;
    }
    return seen_ms * 1000 + sub_us;
}

int clock_gettime(clockid_t id, struct timespec *out) {
    if (!wires || id != CLOCK_MONOTONIC) {
        return syscall(SYS_clock_gettime, id, out);
    }
    int64_t us = clock_us();
    out->tv_sec = us / 1000000;
    out->tv_nsec = us % 1000000 * 1000;
    return 0;
}

static int real_poll(struct pollfd *fds, nfds_t count, int timeout) {
    return syscall(SYS_poll, fds, count, timeout);
}

static void say_idle(int64_t at_ms) {
    __atomic_store_n(&wires[IDLE_INT64], at_ms, __ATOMIC_RELEASE);
    (void)!syscall(SYS_write, idle_fd, "", 1);
}

static void drain_ticks(const struct pollfd *tick) {
    char some[512];
    if (tick->revents & POLLIN) {
        (void)!read(tick_fd, some, sizeof(some));
    } else if (tick->revents) {
        _exit(71); /* the bench is gone: the firmware never outlives it */
    }
}

/* Waits for a descriptor or for the bench's clock. 0 = the deadline came first. */
static int wait_until(struct pollfd *fds, nfds_t count, int64_t deadline_us) {
    struct pollfd all[MOST_FDS + 1];
    if (count > MOST_FDS) {
        errno = EINVAL;
        return -1;
    }
    if (count) {
        memcpy(all, fds, count * sizeof(*fds));
    }
    all[count] = (struct pollfd){.fd = tick_fd, .events = POLLIN};
    for (;;) {
        int64_t now = look_at_clock();
        if (now >= deadline_us / 1000 + (deadline_us % 1000 != 0)) {
            return 0;
        }
        say_idle(now);
        int ready = real_poll(all, count + 1, -1);
        if (ready < 0) {
            return -1;
        }
        if (all[count].revents) {
            drain_ticks(&all[count]);
            ready--;
        }
        if (ready > 0) {
            for (nfds_t i = 0; i < count; i++) {
                fds[i].revents = all[i].revents;
            }
            return ready;
        }
    }
}

int poll(struct pollfd *fds, nfds_t count, int timeout) {
    if (!wires || timeout == 0) {
        return real_poll(fds, count, timeout);
    }
    int ready = real_poll(fds, count, 0);
    if (ready != 0) {
        return ready;
    }
    return wait_until(fds, count, timeout < 0 ? INT64_MAX : (clock_us() / 1000 + timeout) * 1000);
}

static int sleep_us(int64_t us) {
    return us <= 0 ? 0 : wait_until(NULL, 0, clock_us() + us);
}

int usleep(useconds_t us) {
    if (wires) {
        return sleep_us(us);
    }
    struct timespec t = {us / 1000000, us % 1000000 * 1000L};
    return syscall(SYS_nanosleep, &t, NULL);
}

int nanosleep(const struct timespec *t, struct timespec *left) {
    return wires ? sleep_us(t->tv_sec * 1000000 + t->tv_nsec / 1000) : syscall(SYS_nanosleep, t, left);
}

int select(int count, fd_set *r, fd_set *w, fd_set *x, struct timeval *t) {
    if (wires && count == 0 && t) {
        return sleep_us(t->tv_sec * 1000000 + t->tv_usec);
    }
    return syscall(SYS_select, count, r, w, x, t);
}

ssize_t write(int fd, const void *data, size_t size) {
    ssize_t done = syscall(SYS_write, fd, data, size);
    struct stat st;
    if (wires && done > 0 && fd > 2 && fstat(fd, &st) == 0 && S_ISCHR(st.st_mode)
        && major(st.st_rdev) >= 136 && major(st.st_rdev) <= 143) { /* Unix98 pty slaves */
        __atomic_add_fetch((int32_t *)wires + TTY_BYTES_SLOT, (int32_t)done, __ATOMIC_RELEASE);
    }
    return done;
}
