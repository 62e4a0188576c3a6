// A C face on toml++ for one use: read a configuration file once, in file order, with the line of
// every key. The parsed file is handed over as a flat list of events, so the caller holds no node
// and needs no recursion of its own.
#ifndef CTOML_H
#define CTOML_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Dots in one line of the file, in dotted keys and elsewhere.
#define CTOML_MAX_DOTS_IN_LINE 500

typedef enum ctoml_kind {
  CTOML_TABLE_BEGIN = 0,
  CTOML_TABLE_END = 1,
  CTOML_ARRAY_BEGIN = 2,
  CTOML_ARRAY_END = 3,
  CTOML_STRING = 4,
  CTOML_INTEGER = 5,
  CTOML_FLOAT = 6,
  CTOML_BOOLEAN = 7,
  CTOML_DATETIME = 8,
} ctoml_kind;

// One event. The pointers are borrowed from the document and live as long as it does.
typedef struct ctoml_event {
  ctoml_kind kind;
  // 1-based line of the key, or of the value for an array's element.
  uint32_t line;
  // The key in a table; null for an array's element, for the root and for the *_END events.
  const char *key;
  size_t key_length;
  // The bytes of a CTOML_STRING; null otherwise.
  const char *text;
  size_t text_length;
  // The value of a CTOML_INTEGER, or 0 and 1 for a CTOML_BOOLEAN.
  int64_t integer;
  // The value of a CTOML_FLOAT.
  double real;
} ctoml_event;

// The first syntax error, with 1-based line and column.
typedef struct ctoml_error {
  uint32_t line;
  uint32_t column;
  // Null-terminated, cut to fit.
  char message[512];
} ctoml_error;

typedef struct ctoml_document ctoml_document;

// Parses `length` bytes of TOML 1.0. Returns null and fills `error` if they are not TOML, or are
// nested deeper than `max_depth`. The document is released with ctoml_free.
ctoml_document *ctoml_parse(const uint8_t *bytes, size_t length, size_t max_depth,
                            ctoml_error *error);

// The number of events of the document: at least 2, the begin and end of the root table.
size_t ctoml_event_count(const ctoml_document *document);

// The event at `index`, which must be below ctoml_event_count.
ctoml_event ctoml_event_at(const ctoml_document *document, size_t index);

// Releases the document and everything borrowed from it.
void ctoml_free(ctoml_document *document);

#ifdef __cplusplus
}
#endif

#endif
