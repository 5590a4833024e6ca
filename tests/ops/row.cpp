#include "ops/row.hpp"

#include <algorithm>
#include <cmath>
#include <ostream>
#include <utility>

namespace xtape::test {

namespace {

/// The shapes that elementwise ops are tried on: 0-d, empty, more than a vector, rank 4, broadcast on either side.
const std::vector<std::vector<Shape>>& shapes_of_arity(std::size_t arity) {
  static const std::vector<std::vector<Shape>> unary{{{}}, {{0}}, {{2, 0, 3}}, {{19}}, {{2, 3, 1, 4}}};
  static const std::vector<std::vector<Shape>> binary{
      {{}, {}},         {{3}, {}},           {{}, {3}},        {{37}, {37}},       {{2, 3}, {3}},
      {{3}, {2, 3}},    {{2, 1}, {1, 4}},    {{4, 0}, {4, 1}}, {{0}, {}},          {{2, 3, 1, 2}, {3, 4, 1}},
      {{2, 3}, {2, 1}}, {{1, 2, 2}, {2, 2}}, {{1}, {5}},       {{2, 2, 2, 2}, {2}}};
  return arity == 1 ? unary : binary;
}

Build call(Unary op) {
  return [op](std::span<const Var> x) { return op(x[0]); };
}

Build call(Binary op) {
  return [op](std::span<const Var> x) { return op(x[0], x[1]); };
}

Scalar named_function(const std::string& name) {
  const auto op = pointwise_ops().find(name);
  return op == pointwise_ops().end() ? nullptr : op->second.function;
}

Reference elementwise_reference(Scalar scalar, bool differentiable) {
  return [=](std::span<const Tensor> x) {
    Tensor result = broadcast_apply(scalar, x);
    if (!differentiable) result.dtype = DType::boolean;
    return result;
  };
}

void add_elementwise_samples(Row& row) {
  for (const std::vector<Shape>& shapes : shapes_of_arity(row.arity)) {
    Sample sample{{}, row.build, nullptr, false};
    for (std::size_t i = 0; i < shapes.size(); ++i) sample.inputs.push_back(real(shapes[i], row.low(i), row.high(i)));
    if (row.scalar != nullptr) sample.reference = elementwise_reference(row.scalar, row.differentiable);
    row.samples.push_back(std::move(sample));
  }
  if (!row.numeric) return;
  const Reference reference = elementwise_reference(row.scalar, row.differentiable);
  row.samples.push_back({std::vector<Input>(row.arity, integer({4, 5}, row.least, row.most)), row.build, reference});
}

void add_elementwise_failures(Row& row) {
  const auto shape_error = &is_a<ShapeError>;
  const auto dtype_error = &is_a<DTypeError>;
  const Build mixed = [build = row.build](std::span<const Var> x) {
    return build(std::vector<Var>{x[0], cast(x[1], DType::float32)});
  };
  if (row.arity == 2) {
    row.failures.push_back({{real({2, 3}), real({4})}, row.build, shape_error, {row.called, "[2, 3]", "[4]"}});
    row.failures.push_back({{real({2}), real({2})}, mixed, dtype_error, {row.called, "float32", "float64"}});
  }
  if (!row.numeric) {
    const std::vector<Input> integers(row.arity, integer({3}, 0, 5));
    row.failures.push_back({integers, row.build, dtype_error, {row.called, "int64"}});
  }
}

}  // namespace

Row::Row(std::string op, std::initializer_list<Part> parts) : name(std::move(op)), called(name) {
  for (const Part& part : parts) part(*this);
  if (arity == 0) return;
  if (scalar == nullptr) scalar = named_function(name);
  add_elementwise_samples(*this);
  add_elementwise_failures(*this);
}

const std::vector<Row>& rows() {
  static const std::vector<Row> all = [] {
    std::vector<Row> result;
    for (auto family : {elementwise_rows, function_rows, activation_rows, logic_rows, reduction_rows, scan_rows,
                        shape_rows, arrange_rows, product_rows, linear_algebra_rows, loss_rows, convolution_rows,
                        layer_rows, random_rows, transform_rows})
      for (Row& row : family()) result.push_back(std::move(row));
    return result;
  }();
  return all;
}

std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }

Row::Part unary(Unary op) {
  return [op](Row& row) { row.arity = 1, row.build = call(op); };
}
Row::Part binary(Binary op) {
  return [op](Row& row) { row.arity = 2, row.build = call(op); };
}
Row::Part domain(Real low, Real high) { return domains({{low, high}}); }
Row::Part domains(std::vector<std::pair<Real, Real>> each) {
  return [each = std::move(each)](Row& row) { row.domains = each; };
}
Row::Part special(std::vector<Real> points) {
  return [points = std::move(points)](Row& row) { row.specials = points; };
}
Row::Part ulp(Real bound) {
  return [bound](Row& row) { row.ulp = bound; };
}
Row::Part called(std::string name) {
  return [name = std::move(name)](Row& row) { row.called = name; };
}
Row::Part ulp_and_condition(Real bound, Real multiple) {
  return [=](Row& row) { row.ulp = bound, row.conditioned = multiple; };
}
Row::Part function(Scalar scalar) {
  return [scalar](Row& row) { row.scalar = scalar; };
}
Row::Part no_gradient() {
  return [](Row& row) { row.differentiable = false; };
}
Row::Part numeric(Real least, Real most) {
  return [=](Row& row) { row.numeric = true, row.least = least, row.most = most; };
}
Row::Part any_zero() {
  return [](Row& row) { row.signed_zeros = false; };
}
Row::Part sample(std::vector<Input> inputs, Build build, Reference reference) {
  return [=](Row& row) { row.samples.push_back({inputs, build, reference}); };
}
Row::Part large_sample(std::vector<Input> inputs, Build build, Reference reference) {
  return [=](Row& row) { row.samples.push_back({inputs, build, reference, true}); };
}

std::vector<Tensor> make_inputs(const std::vector<Input>& inputs, DType dtype, std::uint64_t seed) {
  Random random(seed);
  std::vector<Tensor> result;
  for (const Input& input : inputs) {
    const DType of_kind = input.kind == Kind::floating  ? dtype
                          : input.kind == Kind::integer ? DType::int64
                                                        : DType::boolean;
    result.push_back(random_tensor(random, input.shape, of_kind, input.low, input.high));
  }
  return result;
}

std::vector<Var> make_leaves(Tape& tape, std::span<const Tensor> inputs) {
  std::vector<Var> leaves;
  for (const Tensor& input : inputs) leaves.push_back(tape.variable(array_of(input)));
  return leaves;
}

std::vector<Target> floating_targets(std::span<const Var> leaves) {
  std::vector<Target> targets;
  for (const Var& leaf : leaves)
    if (is_floating(leaf.dtype())) targets.emplace_back(leaf);
  return targets;
}

std::vector<Real> edges(DType dtype) {
  const bool single = dtype == DType::float32;
  const Real lowest = single ? std::numeric_limits<float>::denorm_min() : std::numeric_limits<double>::denorm_min();
  const Real normal = single ? std::numeric_limits<float>::min() : std::numeric_limits<double>::min();
  const Real highest = single ? std::numeric_limits<float>::max() : std::numeric_limits<double>::max();
  const Real epsilon = single ? std::numeric_limits<float>::epsilon() : std::numeric_limits<double>::epsilon();
  std::vector<Real> result{0, lowest, 3 * lowest, normal - lowest, normal, epsilon, 1, highest, kInf};
  for (std::size_t i = result.size(); i-- > 0;) result.push_back(-result[i]);
  result.push_back(kNaN);
  return result;
}

Real ulp_bound(const Row& row, DType dtype, const Real* x) {
  const Real bound = dtype == DType::float32 && row.ulp > 1 ? std::max(row.ulp, Real{4}) : row.ulp;
  if (row.conditioned == 0) return bound;
  const Real y = row.scalar(x);
  Real condition = 0;
  for (std::size_t input = 0; input < row.arity; ++input) {
    Real nearby[] = {x[0], row.arity > 1 ? x[1] : 0};
    nearby[input] *= 1 + 1e-9L;
    condition += std::abs((row.scalar(nearby) - y) / y) * 1e9L;
  }
  return std::isfinite(condition) ? bound + row.conditioned * condition : bound;
}

Tensor broadcast_apply(Scalar scalar, std::span<const Tensor> inputs) {
  Shape shape = inputs[0].shape;
  for (const Tensor& input : inputs)
    if (input.shape.rank() > shape.rank()) shape = input.shape;
  for (const Tensor& input : inputs)
    for (std::size_t i = 0; i < input.shape.rank(); ++i)
      if (input.shape.back(i) != 1) shape[shape.rank() - 1 - i] = input.shape.back(i);
  std::vector<std::vector<std::int64_t>> strides;
  for (const Tensor& input : inputs) {
    std::vector<std::int64_t> own = row_major_strides(input.shape);
    for (std::size_t i = 0; i < own.size(); ++i)
      if (input.shape[i] == 1) own[i] = 0;
    own.insert(own.begin(), shape.rank() - own.size(), 0);
    strides.push_back(std::move(own));
  }
  Tensor result{inputs[0].dtype, shape, std::vector<Real>(static_cast<std::size_t>(shape.size()))};
  Odometer position(shape);
  for (Real& element : result.elements) {
    Real x[3] = {};
    for (std::size_t i = 0; i < inputs.size(); ++i) x[i] = inputs[i].elements[position.place(strides[i])];
    element = scalar(x);
    position.next();
  }
  return result;
}

}  // namespace xtape::test
