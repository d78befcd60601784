/*
 * The floor: a broadcaster in C that does nothing but write. One thread, epoll, one send() per player and window. It answers just
 * enough of the handshake, connect, createStream and play for any RTMP player to start, then sends made-up video messages.
 *
 *   raw-c PORT BYTES_PER_SECOND WINDOW_MS
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { HANDSHAKE = 1536, CHUNK = 60000, MAX_FDS = 20000, KEEP = 2048 };

struct player {
    int phase; /* 0: C0 C1, 1: C2, 2: commands, 3: plays */
    int have;
    uint8_t in[KEEP];
    uint8_t *rest; /* what a full socket did not take of the last window */
    size_t rest_from, rest_to;
};

static struct player *players[MAX_FDS];
static int fds[MAX_FDS], count;
static volatile sig_atomic_t stop;

static void on_signal(int s) { (void)s; stop = 1; }

static uint8_t *put_string(uint8_t *p, const char *s) {
    size_t n = strlen(s);
    *p++ = 2;
    *p++ = n >> 8;
    *p++ = n;
    memcpy(p, s, n);
    return p + n;
}

static uint8_t *put_key(uint8_t *p, const char *key, const char *value) {
    size_t n = strlen(key);
    *p++ = n >> 8;
    *p++ = n;
    memcpy(p, key, n);
    return put_string(p + n, value);
}

static uint8_t *put_number(uint8_t *p, const uint8_t be[8]) {
    *p++ = 0;
    memcpy(p, be, 8);
    return p + 8;
}

static uint8_t *put_status(uint8_t *p, const char *code) {
    *p++ = 3;
    p = put_key(p, "level", "status");
    p = put_key(p, "code", code);
    memcpy(p, "\0\0\11", 3);
    return p + 3;
}

static uint8_t *put_header(uint8_t *p, int csid, uint32_t ts, uint32_t len, int type, int msid) {
    uint8_t h[12] = {csid, ts >> 16, ts >> 8, ts, len >> 16, len >> 8, len, type, msid, 0, 0, 0};
    memcpy(p, h, 12);
    return p + 12;
}

static void command(int fd, const uint8_t *body, size_t n, int msid) {
    uint8_t out[512];
    uint8_t *p = put_header(out, 3, 0, n, 20, msid);
    memcpy(p, body, n);
    if (send(fd, out, 12 + n, MSG_NOSIGNAL) < 0) perror("send");
}

/* Handles the first command name found in the kept input and drops it; returns 0 when none is complete. */
static int step(int fd, struct player *c) {
    static const struct { const char *name; int len; } names[] = {{"\2\0\7connect", 10}, {"\2\0\14createStream", 15}, {"\2\0\4play", 7}};
    static const uint8_t one[8] = {0x3f, 0xf0};
    static const uint8_t zero[8];
    for (int i = 0; i < 3; i++) {
        uint8_t *at = memmem(c->in, c->have, names[i].name, names[i].len);
        if (at == NULL || at + names[i].len + 9 > c->in + c->have) continue;
        const uint8_t *txn = at + names[i].len + 1;
        uint8_t body[256], *p = body;
        if (i == 0) {
            uint8_t set[16];
            memcpy(put_header(set, 2, 0, 4, 1, 0), (uint8_t[]){0, 0, CHUNK >> 8, CHUNK & 255}, 4);
            if (send(fd, set, 16, MSG_NOSIGNAL) < 0) return 0;
            p = put_number(put_string(p, "_result"), txn);
            *p++ = 5;
            p = put_status(p, "NetConnection.Connect.Success");
            command(fd, body, p - body, 0);
        } else if (i == 1) {
            p = put_number(put_string(p, "_result"), txn);
            *p++ = 5;
            p = put_number(p, one);
            command(fd, body, p - body, 0);
        } else {
            p = put_number(put_string(p, "onStatus"), zero);
            *p++ = 5;
            p = put_status(p, "NetStream.Play.Start");
            command(fd, body, p - body, 1);
            c->phase = 3;
        }
        int used = at + names[i].len + 9 - c->in;
        memmove(c->in, c->in + used, c->have - used);
        c->have -= used;
        return 1;
    }
    return 0;
}

static void drop(int fd) {
    free(players[fd]->rest);
    free(players[fd]);
    players[fd] = NULL;
    for (int i = 0; i < count; i++)
        if (fds[i] == fd) { fds[i] = fds[--count]; break; }
    close(fd);
}

static void readable(int fd) {
    struct player *c = players[fd];
    uint8_t buf[8192];
    ssize_t n = recv(fd, buf, sizeof buf, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN)) { drop(fd); return; }
    for (uint8_t *p = buf; n > 0;) {
        size_t want = c->phase == 0 ? 1 + HANDSHAKE - c->have : c->phase == 1 ? HANDSHAKE - c->have : KEEP - c->have;
        size_t part = (size_t)n < want ? (size_t)n : want;
        if (c->phase != 1) memcpy(c->in + c->have, p, part);
        c->have += part;
        p += part;
        n -= part;
        if (c->phase == 0 && c->have == 1 + HANDSHAKE) {
            static uint8_t reply[1 + 2 * HANDSHAKE];
            reply[0] = 3;
            memcpy(reply + 1 + HANDSHAKE, c->in + 1, HANDSHAKE);
            if (send(fd, reply, sizeof reply, MSG_NOSIGNAL) < 0) { drop(fd); return; }
            c->phase = 1;
            c->have = 0;
        } else if (c->phase == 1 && c->have == HANDSHAKE) {
            c->phase = 2;
            c->have = 0;
        } else if (c->phase >= 2) {
            while (step(fd, c)) {}
            /* A name may be cut in two by the read: keep its possible beginning. */
            if (c->have > KEEP / 2 || c->phase == 3) {
                int keep = c->have < 32 ? c->have : 32;
                memmove(c->in, c->in + c->have - keep, keep);
                c->have = keep;
            }
        }
    }
}

static void broadcast(const uint8_t *batch, size_t size) {
    for (int i = 0; i < count; i++) {
        struct player *c = players[fds[i]];
        if (c->phase != 3) continue;
        if (c->rest_to > c->rest_from) {
            ssize_t n = send(fds[i], c->rest + c->rest_from, c->rest_to - c->rest_from, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (n > 0) c->rest_from += n;
            if (c->rest_from < c->rest_to) continue;
        }
        ssize_t n = send(fds[i], batch, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0) n = 0;
        if ((size_t)n < size) {
            if (c->rest == NULL) c->rest = malloc(size);
            memcpy(c->rest, batch + n, size - n);
            c->rest_from = 0;
            c->rest_to = size - n;
        }
    }
}

int main(int argc, char **argv) {
    if (argc != 4) { fprintf(stderr, "usage: raw-c PORT BYTES_PER_SECOND WINDOW_MS\n"); return 2; }
    const long rate = atol(argv[2]), window = atol(argv[3]);
    size_t payload = rate * window / 1000;
    uint8_t *batch = calloc(1, payload + 64 + 2 * (payload / CHUNK + 1));
    signal(SIGTERM, on_signal);
    signal(SIGINT, on_signal);
    struct rlimit lim;
    getrlimit(RLIMIT_NOFILE, &lim);
    lim.rlim_cur = lim.rlim_max;
    setrlimit(RLIMIT_NOFILE, &lim);

    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (struct sockaddr *)&a, sizeof a) < 0 || listen(listener, 1024) < 0) { perror("listen"); return 1; }
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct timespec every = {window / 1000, (window % 1000) * 1000000L};
    struct itimerspec spec = {every, every};
    timerfd_settime(timer, 0, &spec, NULL);

    int ep = epoll_create1(0);
    struct epoll_event ev = {.events = EPOLLIN, .data.fd = listener}, got[256];
    epoll_ctl(ep, EPOLL_CTL_ADD, listener, &ev);
    ev.data.fd = timer;
    epoll_ctl(ep, EPOLL_CTL_ADD, timer, &ev);

    uint32_t ts = 0;
    while (!stop) {
        int n = epoll_wait(ep, got, 256, -1);
        for (int i = 0; i < n; i++) {
            int fd = got[i].data.fd;
            if (fd == listener) {
                for (int s; (s = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
                    if (s >= MAX_FDS) { close(s); continue; }
                    setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                    players[s] = calloc(1, sizeof(struct player));
                    fds[count++] = s;
                    ev.data.fd = s;
                    epoll_ctl(ep, EPOLL_CTL_ADD, s, &ev);
                }
            } else if (fd == timer) {
                uint64_t expired = 0;
                if (read(timer, &expired, 8) != 8) continue;
                uint8_t *p = put_header(batch, 6, ts & 0xffffff, payload, 9, 1);
                for (size_t sent = 0; sent < payload;) {
                    if (sent > 0) *p++ = 0xc6;
                    size_t part = payload - sent < CHUNK ? payload - sent : CHUNK;
                    if (sent == 0) memcpy(p, "\47\1\0\0\0", part < 5 ? part : 5);
                    p += part;
                    sent += part;
                }
                ts += window;
                while (expired-- > 0) broadcast(batch, p - batch);
            } else if (players[fd] != NULL) {
                readable(fd);
            }
        }
    }
    return 0;
}
