// Error texts of optim and models: one exception, one line, made from its parts.
#pragma once

#include <cmath>
#include <limits>
#include <sstream>
#include <string>

#include <xtape/error.hpp>

namespace xtape::optim::detail {

template <class Part>
const Part& shown(const Part& part) {
  return part;
}
/// NaN without its sign, which means nothing to a reader.
inline double shown(double part) { return std::isnan(part) ? std::numeric_limits<double>::quiet_NaN() : part; }

/// The parts, printed one after the other.
template <class... Parts>
std::string join(const Parts&... parts) {
  std::ostringstream text;
  (text << ... << shown(parts));
  return text.str();
}

/// Throws Exception with the joined parts as its text.
template <class Exception, class... Parts>
[[noreturn]] void fail(const Parts&... parts) {
  throw Exception(join(parts...));
}

}  // namespace xtape::optim::detail
