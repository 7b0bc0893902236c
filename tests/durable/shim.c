/* Preloaded into a process: writes down, in their order, all that it does to files below
 * $DURABLE_ROOT and all that it sends to its peers, into the file $DURABLE_JOURNAL.
 *
 * A record is a struct record, then two strings of octets; the operations:
 *   W inode offset data   T inode length   F inode (fsync, or of a folder: path)
 *   C inode path (made)   U path   R from to   L from to   X one other (they change places)   M path   S data (sent)
 * Nothing is really synced: whoever reads the journal knows what would have been.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

struct record {
    uint32_t kind;
    uint32_t first;
    uint32_t second;
    uint32_t zero;
    uint64_t inode;
    uint64_t offset;
};

static pthread_mutex_t order = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static int journal = -1;
static char root[PATH_MAX];
static size_t root_length;

__attribute__((constructor)) static void begin(void) {
    const char *folder = getenv("DURABLE_ROOT"), *name = getenv("DURABLE_JOURNAL");
    if (!folder || !name) return;
    strncpy(root, folder, sizeof root - 1);
    root_length = strlen(root);
    int low = syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_APPEND | O_CREAT, 0600);
    journal = fcntl(low, F_DUPFD_CLOEXEC, 700);
    syscall(SYS_close, low);
}

#define REAL(name) ({ static __typeof__(&name) real; if (!real) real = (__typeof__(&name)) dlsym(RTLD_NEXT, #name); real; })
#define LOCK pthread_mutex_lock(&order)
#define UNLOCK pthread_mutex_unlock(&order)

static void note(int kind, uint64_t inode, uint64_t offset, const void *one, size_t first,
                 const void *two, size_t second) {
    int before = errno;
    struct record record = {kind, first, second, 0, inode, offset};
    struct iovec parts[3] = {{&record, sizeof record}, {(void *) one, first}, {(void *) two, second}};
    syscall(SYS_writev, journal, parts, 3);
    errno = before;
}

static void note_path(int kind, uint64_t inode, const char *one, const char *two) {
    note(kind, inode, 0, one, strlen(one), two ? two : "", two ? strlen(two) : 0);
}

static int inside(const char *path) {
    return journal >= 0 && !strncmp(path, root, root_length) && (path[root_length] == '/' || !path[root_length]);
}

/* An absolute path, without resolving a link in its last part. */
static int full(int folder, const char *path, char *whole) {
    if (journal < 0 || !path) return 0;
    if (path[0] == '/') snprintf(whole, PATH_MAX, "%s", path);
    else {
        char link[64], base[PATH_MAX];
        if (folder == AT_FDCWD) { if (!getcwd(base, sizeof base)) return 0; }
        else {
            snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
            ssize_t length = readlink(link, base, sizeof base - 1);
            if (length < 0) return 0;
            base[length] = 0;
        }
        snprintf(whole, PATH_MAX, "%.2000s/%.2000s", base, path);
    }
    return inside(whole);
}

/* What is behind a descriptor: 1 a file below the root, 2 a folder there, 3 a peer. */
static int behind(int fd, struct stat *status, char *path) {
    if (journal < 0 || fd == journal || fstat(fd, status)) return 0;
    if (S_ISSOCK(status->st_mode) || (fd == 1 && S_ISFIFO(status->st_mode))) return 3;
    if (!S_ISREG(status->st_mode) && !S_ISDIR(status->st_mode)) return 0;
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0) return 0;
    path[length] = 0;
    if (!inside(path)) return 0;
    return S_ISDIR(status->st_mode) ? 2 : 1;
}

static int opened(int folder, const char *path, int flags, mode_t mode) {
    char whole[PATH_MAX];
    struct stat status;
    if (!full(folder, path, whole)) return syscall(SYS_openat, folder, path, flags, mode);
    LOCK;
    int there = !lstat(whole, &status);
    int fd = syscall(SYS_openat, folder, path, flags, mode);
    if (fd >= 0 && (flags & O_CREAT) && !there && !fstat(fd, &status)) note_path('C', status.st_ino, whole, 0);
    else if (fd >= 0 && (flags & O_TRUNC) && !fstat(fd, &status)) note('T', status.st_ino, 0, "", 0, "", 0);
    UNLOCK;
    return fd;
}

#define MODE mode_t mode = 0; if (flags & (O_CREAT | O_TMPFILE)) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); }
int open(const char *path, int flags, ...) { MODE return opened(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE return opened(AT_FDCWD, path, flags | O_LARGEFILE, mode); }
int openat(int folder, const char *path, int flags, ...) { MODE return opened(folder, path, flags, mode); }
int openat64(int folder, const char *path, int flags, ...) { MODE return opened(folder, path, flags | O_LARGEFILE, mode); }

static void sent(const struct iovec *parts, int count) {
    for (int i = 0; i < count; i++) note('S', 0, 0, parts[i].iov_base, parts[i].iov_len, "", 0);
}

static void wrote(uint64_t inode, uint64_t at, const struct iovec *parts, int count, ssize_t done) {
    for (int i = 0; i < count && done > 0; i++) {
        size_t length = parts[i].iov_len < (size_t) done ? parts[i].iov_len : (size_t) done;
        note('W', inode, at, parts[i].iov_base, length, "", 0);
        at += length;
        done -= length;
    }
}

/* at: -1 for where the descriptor stands. */
static ssize_t writing(int fd, const struct iovec *parts, int count, off_t at) {
    char path[PATH_MAX];
    struct stat status;
    LOCK;
    int kind = behind(fd, &status, path);
    if (kind == 3) sent(parts, count);
    if (kind != 1) {
        UNLOCK; /* a peer may keep us waiting */
        return at < 0 ? syscall(SYS_writev, fd, parts, count) : syscall(SYS_pwritev, fd, parts, count, at, 0);
    }
    off_t start = at;
    if (at < 0) start = fcntl(fd, F_GETFL) & O_APPEND ? status.st_size : lseek(fd, 0, SEEK_CUR);
    ssize_t done = at < 0 ? syscall(SYS_writev, fd, parts, count) : syscall(SYS_pwritev, fd, parts, count, at, 0);
    wrote(status.st_ino, start, parts, count, done);
    UNLOCK;
    return done;
}

#define ONE struct iovec one = {(void *) octets, length}
ssize_t write(int fd, const void *octets, size_t length) { ONE; return writing(fd, &one, 1, -1); }
ssize_t pwrite(int fd, const void *octets, size_t length, off_t at) { ONE; return writing(fd, &one, 1, at); }
ssize_t pwrite64(int fd, const void *octets, size_t length, off64_t at) { ONE; return writing(fd, &one, 1, at); }
ssize_t writev(int fd, const struct iovec *parts, int count) { return writing(fd, parts, count, -1); }
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) { return writing(fd, parts, count, at); }

ssize_t send(int fd, const void *octets, size_t length, int flags) {
    if (journal >= 0) { LOCK; note('S', 0, 0, octets, length, "", 0); UNLOCK; }
    return REAL(send)(fd, octets, length, flags);
}
ssize_t sendto(int fd, const void *octets, size_t length, int flags, const struct sockaddr *to, socklen_t size) {
    if (journal >= 0) { LOCK; note('S', 0, 0, octets, length, "", 0); UNLOCK; }
    return REAL(sendto)(fd, octets, length, flags, to, size);
}
ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    if (journal >= 0) { LOCK; sent(message->msg_iov, message->msg_iovlen); UNLOCK; }
    return REAL(sendmsg)(fd, message, flags);
}

static int synced(int fd, int (*real)(int)) {
    char path[PATH_MAX];
    struct stat status;
    LOCK;
    int kind = behind(fd, &status, path);
    if (kind == 1) note('F', status.st_ino, 0, "", 0, "", 0);
    if (kind == 2) note_path('F', status.st_ino, path, 0);
    UNLOCK;
    return kind == 1 || kind == 2 ? 0 : real(fd);
}
int fsync(int fd) { return synced(fd, REAL(fsync)); }
int fdatasync(int fd) { return synced(fd, REAL(fdatasync)); }

static int cut(int fd, off_t length) {
    char path[PATH_MAX];
    struct stat status;
    LOCK;
    int kind = behind(fd, &status, path), done = syscall(SYS_ftruncate, fd, length);
    if (kind == 1 && !done) note('T', status.st_ino, length, "", 0, "", 0);
    UNLOCK;
    return done;
}
int ftruncate(int fd, off_t length) { return cut(fd, length); }
int ftruncate64(int fd, off64_t length) { return cut(fd, length); }

/* Names: one call after another, so that the journal has them in their order. */
#define NAMED(kind, done, folder, path, other, path2)                                   \
    char one[PATH_MAX], two[PATH_MAX] = "";                                             \
    const char *second = path2;                                                         \
    int is_inside = full(folder, path, one);                                            \
    if (second) is_inside |= full(other, second, two);                                  \
    LOCK;                                                                               \
    int outcome = (done);                                                               \
    if (!outcome && is_inside) note_path(kind, 0, one, two);                            \
    UNLOCK;                                                                             \
    return outcome;

int unlinkat(int folder, const char *path, int flags) { NAMED('U', syscall(SYS_unlinkat, folder, path, flags), folder, path, 0, 0) }
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }
int renameat(int a, const char *from, int b, const char *to) { NAMED('R', syscall(SYS_renameat2, a, from, b, to, 0), a, from, b, to) }
int renameat2(int a, const char *from, int b, const char *to, unsigned flags) { NAMED(flags & RENAME_EXCHANGE ? 'X' : 'R', syscall(SYS_renameat2, a, from, b, to, flags), a, from, b, to) }
int rename(const char *from, const char *to) { return renameat(AT_FDCWD, from, AT_FDCWD, to); }
int linkat(int a, const char *from, int b, const char *to, int flags) { NAMED('L', syscall(SYS_linkat, a, from, b, to, flags), a, from, b, to) }
int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }
int mkdirat(int folder, const char *path, mode_t mode) { NAMED('M', syscall(SYS_mkdirat, folder, path, mode), folder, path, 0, 0) }
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }
