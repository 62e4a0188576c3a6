// toml++ keeps tables sorted by key; this file puts the entries back into file order.

// Values nested by brackets and braces; a configuration needs three.
#define TOML_MAX_NESTED_VALUES 16

#include "ctoml.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include <toml++/toml.h>

struct ctoml_document {
  toml::table root;
  std::vector<ctoml_event> events;
};

namespace {

using Entry = std::pair<const toml::key *, const toml::node *>;

// A table or an array whose children are being listed.
struct Frame {
  std::vector<Entry> entries;
  size_t next = 0;
  bool is_table = false;
};

uint32_t line_of(const Entry &entry) {
  return entry.first ? entry.first->source().begin.line : entry.second->source().begin.line;
}

bool is_before(const Entry &left, const Entry &right) {
  const auto a = left.first->source().begin;
  const auto b = right.first->source().begin;
  return a.line != b.line ? a.line < b.line : a.column < b.column;
}

Frame frame_of(const toml::node &node) {
  Frame frame;
  if (const auto *table = node.as_table()) {
    frame.is_table = true;
    frame.entries.reserve(table->size());
    for (auto it = table->cbegin(); it != table->cend(); ++it)
      frame.entries.emplace_back(&it->first, &it->second);
    std::stable_sort(frame.entries.begin(), frame.entries.end(), is_before);
  } else if (const auto *array = node.as_array()) {
    frame.entries.reserve(array->size());
    for (size_t i = 0; i < array->size(); ++i) frame.entries.emplace_back(nullptr, array->get(i));
  }
  return frame;
}

ctoml_event event_of(const Entry &entry) {
  ctoml_event event = {};
  event.line = line_of(entry);
  if (entry.first) {
    event.key = entry.first->str().data();
    event.key_length = entry.first->str().size();
  }
  const toml::node &node = *entry.second;
  if (node.is_table()) {
    event.kind = CTOML_TABLE_BEGIN;
  } else if (node.is_array()) {
    event.kind = CTOML_ARRAY_BEGIN;
  } else if (const auto *text = node.as_string()) {
    event.kind = CTOML_STRING;
    event.text = text->get().data();
    event.text_length = text->get().size();
  } else if (const auto *integer = node.as_integer()) {
    event.kind = CTOML_INTEGER;
    event.integer = integer->get();
  } else if (const auto *real = node.as_floating_point()) {
    event.kind = CTOML_FLOAT;
    event.real = real->get();
  } else if (const auto *boolean = node.as_boolean()) {
    event.kind = CTOML_BOOLEAN;
    event.integer = boolean->get() ? 1 : 0;
  } else {
    event.kind = CTOML_DATETIME;
  }
  return event;
}

// Lists the tree below the root. Returns the line at which it is nested too deeply, or 0.
uint32_t list_events(const toml::table &root, size_t max_depth, std::vector<ctoml_event> &events) {
  ctoml_event begin = {};
  begin.kind = CTOML_TABLE_BEGIN;
  begin.line = 1;
  events.push_back(begin);
  std::vector<Frame> open;
  open.push_back(frame_of(root));
  while (!open.empty()) {
    Frame &frame = open.back();
    if (frame.next == frame.entries.size()) {
      ctoml_event end = {};
      end.kind = frame.is_table ? CTOML_TABLE_END : CTOML_ARRAY_END;
      events.push_back(end);
      open.pop_back();
      continue;
    }
    const Entry entry = frame.entries[frame.next++];
    events.push_back(event_of(entry));
    if (!entry.second->is_table() && !entry.second->is_array()) continue;
    if (open.size() >= max_depth) return line_of(entry);
    open.push_back(frame_of(*entry.second));
  }
  return 0;
}

// toml++ destroys its tree recursively and sets no limit to dotted keys, so a line of a hundred
// thousand dots would exhaust the stack. With this one and TOML_MAX_NESTED_VALUES the tree stays
// below ten thousand levels. Returns the first line with too many dots, or 0.
uint32_t line_of_too_many_dots(std::string_view text) {
  uint32_t line = 1;
  size_t dots = 0;
  for (const char byte : text) {
    if (byte == '\n') {
      ++line;
      dots = 0;
    } else if (byte == '.' && ++dots > CTOML_MAX_DOTS_IN_LINE) {
      return line;
    }
  }
  return 0;
}

void say(ctoml_error *error, uint32_t line, uint32_t column, std::string_view message) {
  error->line = line;
  error->column = column;
  std::snprintf(error->message, sizeof error->message, "%.*s", static_cast<int>(message.size()),
                message.data());
}

}  // namespace

extern "C" ctoml_document *ctoml_parse(const uint8_t *bytes, size_t length, size_t max_depth,
                                       ctoml_error *error) {
  const std::string_view text(reinterpret_cast<const char *>(bytes), length);
  if (const uint32_t line = line_of_too_many_dots(text)) {
    say(error, line, 1, "too many dots in one line");
    return nullptr;
  }
  toml::parse_result result = toml::parse(text);
  if (!result) {
    const auto at = result.error().source().begin;
    say(error, at.line, at.column, result.error().description());
    return nullptr;
  }
  auto *document = new ctoml_document{std::move(result).table(), {}};
  if (const uint32_t line = list_events(document->root, max_depth, document->events)) {
    say(error, line, 1, "nested too deeply");
    ctoml_free(document);
    return nullptr;
  }
  return document;
}

extern "C" size_t ctoml_event_count(const ctoml_document *document) {
  return document->events.size();
}

extern "C" ctoml_event ctoml_event_at(const ctoml_document *document, size_t index) {
  return document->events[index];
}

extern "C" void ctoml_free(ctoml_document *document) {
  delete document;
}
