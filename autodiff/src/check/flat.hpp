// The heart of the checker: a function of one long vector of doubles, and the gradient that is said to be its.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include <xtape/gradient_check.hpp>

namespace xtape::detail {

constexpr double kSingleEpsilon = 0x1p-23, kDoubleEpsilon = 0x1p-52;

/// A floating input of the checked function as a part of the vector.
struct Part {
  std::size_t input = 0;   ///< counted among all inputs
  std::size_t offset = 0;  ///< of its first element in the vector
  Shape shape;
};

/// What rounding can do at the point: differences that errors of its size in each op made, run by run.
struct Rounding {
  std::vector<double> values;
  std::vector<std::vector<double>> gradients;
};

struct FlatFunction {
  std::function<double(std::span<const double>)> value;  ///< NaN where it is not defined
  std::function<std::vector<double>(std::span<const double>)> gradient;
  std::vector<Part> parts;
  double epsilon = 0x1p-52;            ///< of the arithmetic that computes the value
  std::function<Rounding()> rounding;  ///< empty if nobody knows
};

/// Judges a gradient, finite and of the right size, at x, where the value is at_x. Fills in the report but for the
/// notes and the order; the status is pass, fail or kink.
void check_elements(const FlatFunction& function, std::span<const double> x, double at_x,
                    std::span<const double> gradient, const CheckOptions& options, CheckReport& report);

/// How far an element is moved for a distance of 1: its own size, or that of its input's elements (root mean square)
/// where it is smaller, as a power of two, so that few steps are rounded; 1 for an input of zeros.
std::vector<double> scales_of(const std::vector<Part>& parts, std::span<const double> x);

/// Throws ValueError for options that make no sense.
void check_options(const CheckOptions& options);
/// Fills in input and index of an element of the vector.
void locate(const std::vector<Part>& parts, std::size_t element, CheckReport& report);
/// "input 0 at [3, 4]", or with the Parameter's name.
std::string place_text(const CheckReport& report);
/// A short number for texts.
std::string number_text(double number);
/// With all digits that tell it from others.
std::string exact_text(double number);

}  // namespace xtape::detail
