// What Linux offers and Swift's Glibc module does not export.
#include <malloc.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

// Hidden by their headers unless _GNU_SOURCE is defined; defining it here would make the types of
// the other headers differ from those of the Glibc module.
int accept4(int socket, struct sockaddr *address, socklen_t *length, int flags);
const char *strerrorname_np(int code);
const char *strerrordesc_np(int code);

// <link.h> declares it under _GNU_SOURCE only, with this structure's first four members.
#include <elf.h>
#include <sys/mman.h>
struct vole_loaded_object {
  Elf64_Addr base;
  const char *name;
  const Elf64_Phdr *headers;
  Elf64_Half headerCount;
};
int dl_iterate_phdr(
    int (*callback)(struct vole_loaded_object *object, size_t size, void *data), void *data);

// prctl takes a variable number of arguments, which Swift cannot call.
static inline int vole_set_timer_slack(unsigned long nanoseconds) {
  return prctl(PR_SET_TIMERSLACK, nanoseconds, 0UL, 0UL, 0UL);
}
static inline int vole_timer_slack(void) { return prctl(PR_GET_TIMERSLACK, 0UL, 0UL, 0UL, 0UL); }
