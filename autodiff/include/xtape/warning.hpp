// Warnings: what is probably a mistake, but has a meaning.
#pragma once

#include <functional>
#include <string_view>

namespace xtape {

using WarningHandler = std::function<void(std::string_view text)>;

/// Where warnings go from now on; an empty handler drops them. It may be called from several threads at once. At first
/// they are printed to stderr. Returns the handler before.
WarningHandler set_warning_handler(WarningHandler handler);

/// Gives the text to the handler.
void warn(std::string_view text);

}  // namespace xtape
