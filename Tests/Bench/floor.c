/* The least that a server can cost on this machine: epoll and nghttp2 around one answer in memory.

   floor PORT BYTES TYPE [NAME VALUE]... serves HTTP/2 with prior knowledge and HTTP/1.1 keep-alive
   on 127.0.0.1: content of so many bytes, its media type and further fields. It trusts its clients
   in everything: it is a yardstick and nothing else. */
#include <arpa/inet.h>
#include <errno.h>
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <netinet/tcp.h>
#include <unistd.h>

struct connection {
  int descriptor;
  int decided;
  nghttp2_session *session;
};

enum { mostFields = 32 };
static char body[65536], head[4096], input[65536], output[131072];
static nghttp2_nv fields[mostFields];
static size_t fieldCount;
static size_t bodyLength, headLength;
static char lengthText[16];

static ssize_t readBody(nghttp2_session *session, int32_t stream, uint8_t *buffer, size_t length,
                        uint32_t *flags, nghttp2_data_source *source, void *user) {
  size_t count = bodyLength < length ? bodyLength : length;
  memcpy(buffer, body, count);
  *flags |= NGHTTP2_DATA_FLAG_EOF;
  return (ssize_t)count;
}

/* Adds a field to both heads; HTTP/1.1 has no field for the status. */
static void addField(const char *name, const char *value) {
  nghttp2_nv pair = {(uint8_t *)name, (uint8_t *)value, strlen(name), strlen(value),
                     NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
  if (fieldCount == mostFields) exit(2);
  fields[fieldCount++] = pair;
  if (name[0] == ':') return;
  headLength += (size_t)snprintf(
      head + headLength, sizeof head - headLength, "%s: %s\r\n", name, value);
  if (headLength + 2 >= sizeof head) exit(2);
}

static int onFrame(nghttp2_session *session, const nghttp2_frame *frame, void *user) {
  if (frame->hd.type != NGHTTP2_HEADERS || !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM)) return 0;
  nghttp2_data_provider provider = {.read_callback = readBody};
  return nghttp2_submit_response(session, frame->hd.stream_id, fields, fieldCount, &provider);
}

static void end(struct connection *connection) {
  close(connection->descriptor);
  if (connection->session) nghttp2_session_del(connection->session);
  free(connection);
}

/* Sends it all or gives up: the answers are small. */
static int sendAll(int descriptor, size_t length) {
  return length == 0 || send(descriptor, output, length, MSG_NOSIGNAL) == (ssize_t)length;
}

static int serveHTTP2(struct connection *connection, size_t count) {
  if (nghttp2_session_mem_recv(connection->session, (uint8_t *)input, count) < 0) return 0;
  size_t length = 0;
  const uint8_t *frame;
  ssize_t part;
  while ((part = nghttp2_session_mem_send(connection->session, &frame)) > 0) {
    if (length + (size_t)part > sizeof output) {
      if (!sendAll(connection->descriptor, length)) return 0;
      length = 0;
    }
    memcpy(output + length, frame, (size_t)part);
    length += (size_t)part;
  }
  return part == 0 && sendAll(connection->descriptor, length);
}

static int serveHTTP1(struct connection *connection, size_t count) {
  size_t length = 0;
  for (size_t index = 3; index < count; index++) {
    if (input[index] != '\n' || memcmp(input + index - 3, "\r\n\r\n", 4) != 0) continue;
    if (length + headLength + bodyLength > sizeof output) return 0;
    memcpy(output + length, head, headLength);
    memcpy(output + length + headLength, body, bodyLength);
    length += headLength + bodyLength;
  }
  return sendAll(connection->descriptor, length);
}

int main(int count, char **arguments) {
  if (count < 4 || count % 2 != 0) return 2;
  bodyLength = (size_t)atoi(arguments[2]);
  if (bodyLength > sizeof body) return 2;
  memset(body, 'b', sizeof body);
  snprintf(lengthText, sizeof lengthText, "%zu", bodyLength);
  headLength = (size_t)snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\n");
  addField(":status", "200");
  addField("content-type", arguments[3]);
  addField("content-length", lengthText);
  addField("date", "Fri, 20 Nov 2026 12:00:00 GMT");
  for (int index = 4; index < count; index += 2) addField(arguments[index], arguments[index + 1]);
  memcpy(head + headLength, "\r\n", 2);
  headLength += 2;
  nghttp2_session_callbacks *callbacks;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, onFrame);
  nghttp2_settings_entry settings = {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 100};

  int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(arguments[1])),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0) return 1;
  if (listen(listener, 512) < 0) return 1;
  int poll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[64];
  epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    int ready = epoll_wait(poll, events, 64, -1);
    for (int index = 0; index < ready; index++) {
      struct connection *connection = events[index].data.ptr;
      if (!connection) {
        connection = calloc(1, sizeof *connection);
        connection->descriptor = accept(listener, NULL, NULL);
        event.data.ptr = connection;
        epoll_ctl(poll, EPOLL_CTL_ADD, connection->descriptor, &event);
        continue;
      }
      ssize_t length = recv(connection->descriptor, input, sizeof input, 0);
      if (length <= 0) {
        end(connection);
        continue;
      }
      if (!connection->decided && memcmp(input, "PRI ", 4) == 0) {
        nghttp2_session_server_new(&connection->session, callbacks, connection);
        nghttp2_submit_settings(connection->session, 0, &settings, 1);
      }
      connection->decided = 1;
      int served = connection->session ? serveHTTP2(connection, (size_t)length)
                                       : serveHTTP1(connection, (size_t)length);
      if (!served) end(connection);
    }
  }
}
