// The trace event format of Chrome: complete events, in microseconds.
#include <array>
#include <chrono>
#include <cstdio>

#include "debug/profile_record.hpp"

namespace xtape::detail {

namespace {

/// A JSON string.
std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char letter : text) {
    if (letter == '"' || letter == '\\') result += '\\';
    if (static_cast<unsigned char>(letter) >= 0x20) {
      result += letter;
      continue;
    }
    std::array<char, 8> escape{};
    std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(letter));
    result += escape.data();
  }
  return result + "\"";
}

std::string microseconds(Clock::duration duration) {
  const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count();
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%lld.%03lld", static_cast<long long>(nanoseconds / 1000),
                static_cast<long long>(nanoseconds % 1000));
  return buffer.data();
}

/// "loop", "product", "call" or "planning".
std::string category(const std::string& what) {
  for (const char* kind : {"loop", "call", "planning"})
    if (what.starts_with(kind)) return kind;
  return "product";
}

/// What all events of an entry have in common.
std::string entry_text(const Profile::Entry& entry) {
  const auto per_call = [&](std::uint64_t bytes) { return std::to_string(bytes / entry.calls); };
  return "\"name\":" + quoted(entry.what) + ",\"cat\":" + quoted(category(entry.what)) +
         ",\"ph\":\"X\",\"pid\":1,\"tid\":1,\"args\":{\"scope\":" + quoted(entry.scope) +
         ",\"recorded at\":" + quoted(entry.location) + ",\"bytes read\":" + per_call(entry.bytes_read) +
         ",\"bytes written\":" + per_call(entry.bytes_written) + "}";
}

}  // namespace

std::string chrome_trace(const ProfileRecord& record) {
  std::vector<std::string> entries;
  for (const Profile::Entry& entry : record.entries) entries.push_back(entry_text(entry));
  std::string text = "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[";
  const char* separator = "\n";
  for (const ProfileRecord::Event& event : record.events) {
    text += separator + std::string("{") + entries[event.entry] + ",\"ts\":" + microseconds(event.begin - record.born) +
            ",\"dur\":" + microseconds(event.end - event.begin) + "}";
    separator = ",\n";
  }
  return text + "\n]}\n";
}

}  // namespace xtape::detail
