#include "support/interpreter_neural.hpp"

#include <bit>

namespace xtape::test {

namespace {

/// Calls body(place in the image or -1, place in the taps) for every element of the taps. The attributes are the bits
/// of the fill, then stride, padding and dilation of the rows and of the columns.
template <class Body>
void for_each_tap(const Shape& image, const Shape& taps, std::span<const std::int64_t> attributes, const Body& body) {
  Odometer tap(Shape{taps.size() / (taps.back(0) * taps.back(1) * taps.back(2) * taps.back(3)), taps.back(3),
                     taps.back(2), taps.back(1), taps.back(0)});
  for (std::int64_t i = 0; i < taps.size(); ++i, tap.next()) {
    const std::int64_t row = tap.at[3] * attributes[1] + tap.at[1] * attributes[3] - attributes[2];
    const std::int64_t column = tap.at[4] * attributes[4] + tap.at[2] * attributes[6] - attributes[5];
    const bool inside = row >= 0 && row < image.back(1) && column >= 0 && column < image.back();
    body(inside ? (tap.at[0] * image.back(1) + row) * image.back() + column : -1, static_cast<std::size_t>(i));
  }
}

}  // namespace

void windows(Application& application) {
  const Real fill = std::bit_cast<double>(application.attributes[0]);
  Tensor& y = application.output;
  for_each_tap(application.x().shape, y.shape, application.attributes, [&](std::int64_t place, std::size_t tap) {
    y.elements[tap] = place < 0 ? fill : application.x().elements.at(static_cast<std::size_t>(place));
  });
}

void windows_transpose(Application& application) {
  Tensor& y = application.output;
  application.magnitudes.resize(y.elements.size());
  for_each_tap(y.shape, application.x().shape, application.attributes, [&](std::int64_t place, std::size_t tap) {
    if (place < 0) return;
    const Real x = application.x().elements.at(tap);
    y.elements.at(static_cast<std::size_t>(place)) += x;
    application.magnitudes.at(static_cast<std::size_t>(place)) += x < 0 ? -x : x;
  });
}

}  // namespace xtape::test
