// One row for each op: how to call it, on what, and the plain function that it must agree with. Everything else about
// an op's tests follows from its row: see suites_test.cpp.
//
//     {"tanh", unary(tanh), domain(-20, 20), special({0, -0.0, kInf, -kInf, kNaN}), ulp(2)},
#pragma once

#include <functional>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <xtape/xtape.hpp>

#include "support/check.hpp"
#include "support/interpreter.hpp"

namespace xtape::test {

inline constexpr Real kInf = std::numeric_limits<Real>::infinity();
inline constexpr Real kNaN = std::numeric_limits<Real>::quiet_NaN();

enum class Kind : std::uint8_t { floating, integer, boolean };

/// An input to make: random elements from low to high, in the dtype under test if floating.
struct Input {
  Shape shape;
  Kind kind = Kind::floating;
  Real low = -2, high = 2;
};
inline Input real(const Shape& shape, Real low = -2, Real high = 2) { return {shape, Kind::floating, low, high}; }
inline Input integer(const Shape& shape, Real low, Real high) { return {shape, Kind::integer, low, high}; }
inline Input boolean(const Shape& shape) { return {shape, Kind::boolean, 0, 1}; }

using Build = std::function<Var(std::span<const Var>)>;
using Reference = std::function<Tensor(std::span<const Tensor>)>;
using Scalar = Real (*)(const Real*);

/// One call of the op. Without a reference the interpreter alone judges. The gradients of a large one are compared with
/// the interpreter's, which takes less time than differences.
struct Sample {
  std::vector<Input> inputs;
  Build build;
  Reference reference;
  bool large = false;
};

/// A call that must throw, with these parts in the text.
struct Failure {
  std::vector<Input> inputs;
  Build build;
  bool (*is_expected)(const std::exception& error);
  std::vector<std::string> parts;
  DType dtype = DType::float64;
};

struct Row {
  using Part = std::function<void(Row&)>;
  Row(std::string op, std::initializer_list<Part> parts);
  template <class... Parts>
  requires(sizeof...(Parts) > 0) Row(std::string op, const Parts&... parts)
      : Row(std::move(op), std::initializer_list<Part>{Part(parts)...}) {}

  std::string name;
  std::string called;  ///< the op's name in its errors, where a row is one form of it
  std::vector<Sample> samples;
  std::vector<Failure> failures;
  Real ulp = 0;                ///< bound on the error of each element; 0: a tolerance that suits sums
  Real conditioned = 0;        ///< the bound grows by this multiple of the condition number
  bool differentiable = true;  ///< whether the output carries a gradient
  bool numeric = false;        ///< takes int64 as well: tried on these
  Real least = -9, most = 9;
  bool signed_zeros = true;  ///< whether the sign of a zero result is defined

  // Of elementwise ops only.
  std::size_t arity = 0;
  Build build;
  Scalar scalar = nullptr;
  std::vector<std::pair<Real, Real>> domains{{Real{-2}, Real{2}}};
  std::vector<Real> specials;

  Real low(std::size_t input) const { return domains[std::min(input, domains.size() - 1)].first; }
  Real high(std::size_t input) const { return domains[std::min(input, domains.size() - 1)].second; }
};

/// All rows, of which each family has a file.
const std::vector<Row>& rows();
std::vector<Row> elementwise_rows();
std::vector<Row> function_rows();
std::vector<Row> activation_rows();
std::vector<Row> logic_rows();
std::vector<Row> reduction_rows();
std::vector<Row> scan_rows();
std::vector<Row> shape_rows();
std::vector<Row> arrange_rows();
std::vector<Row> product_rows();
std::vector<Row> linear_algebra_rows();
std::vector<Row> loss_rows();
std::vector<Row> regression_loss_rows();  // a part of the others
std::vector<Row> random_rows();
std::vector<Row> convolution_rows();
std::vector<Row> layer_rows();
std::vector<Row> transform_rows();
std::ostream& operator<<(std::ostream& out, const Row& row);

// ---- The parts of a row

using Unary = Var (*)(const Operand&);
using Binary = Var (*)(const Operand&, const Operand&);
Row::Part unary(Unary op);
Row::Part binary(Binary op);
/// Of all inputs, or of each.
Row::Part domain(Real low, Real high);
Row::Part domains(std::vector<std::pair<Real, Real>> each);
Row::Part special(std::vector<Real> points);
Row::Part ulp(Real bound);
Row::Part called(std::string name);
/// At most so many ulp plus the condition number, or a multiple of it.
Row::Part ulp_and_condition(Real bound, Real multiple = 1);
/// The plain function, where the interpreter has none of the op's name.
Row::Part function(Scalar scalar);
Row::Part no_gradient();
Row::Part numeric(Real least = -9, Real most = 9);
Row::Part any_zero();
Row::Part sample(std::vector<Input> inputs, Build build, Reference reference = nullptr);
Row::Part large_sample(std::vector<Input> inputs, Build build, Reference reference = nullptr);

template <class Exception>
bool is_a(const std::exception& error) {
  return dynamic_cast<const Exception*>(&error) != nullptr;
}
template <class Exception>
Row::Part fails(std::vector<Input> inputs, Build build, std::vector<std::string> parts) {
  return [=](Row& row) { row.failures.push_back({inputs, build, &is_a<Exception>, parts, DType::float64}); };
}

// ---- Use of rows

/// Random values for the inputs, floating ones in this dtype.
std::vector<Tensor> make_inputs(const std::vector<Input>& inputs, DType dtype, std::uint64_t seed);
/// The inputs as leaves.
std::vector<Var> make_leaves(Tape& tape, std::span<const Tensor> inputs);
/// The leaves that carry gradients, as targets.
std::vector<Target> floating_targets(std::span<const Var> leaves);
/// The edges of a dtype's range: zeros, denormals, the smallest and largest normal numbers.
std::vector<Real> edges(DType dtype);
/// How many ulp the result may be off at these inputs: the row's bound, 4 in float32 unless the op is exact, and the
/// condition number where that counts.
Real ulp_bound(const Row& row, DType dtype, const Real* x);
/// Elementwise application with NumPy broadcasting.
Tensor broadcast_apply(Scalar scalar, std::span<const Tensor> inputs);

}  // namespace xtape::test
