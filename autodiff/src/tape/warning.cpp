#include <xtape/warning.hpp>

#include <cstdio>
#include <mutex>
#include <utility>

namespace xtape {

namespace {

void print(std::string_view text) {
  std::fprintf(stderr, "xtape: warning: %.*s\n", static_cast<int>(text.size()), text.data());
}

struct Warnings {
  std::mutex mutex;
  WarningHandler handler = print;
};

/// Never destroyed: training may go on while statics are.
Warnings& warnings() {
  static auto* const instance = new Warnings;
  return *instance;
}

}  // namespace

WarningHandler set_warning_handler(WarningHandler handler) {
  const std::lock_guard lock(warnings().mutex);
  return std::exchange(warnings().handler, std::move(handler));
}

void warn(std::string_view text) {
  WarningHandler handler;
  {
    const std::lock_guard lock(warnings().mutex);
    handler = warnings().handler;
  }
  if (handler) handler(text);
}

}  // namespace xtape
