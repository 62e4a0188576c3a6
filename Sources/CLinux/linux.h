// What Linux offers and Swift's Glibc module does not export.
#define _GNU_SOURCE
#include <malloc.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

// Declared again because _GNU_SOURCE may have been absent when <sys/socket.h> was first read.
int accept4(int socket, struct sockaddr *address, socklen_t *length, int flags);
