#include "fuzz/recorder.hpp"

#include <algorithm>
#include <numeric>

namespace xtape::test {

namespace {

std::size_t index_of(std::int64_t value) { return static_cast<std::size_t>(value); }

Shape without_first_axis(const Shape& shape) {
  return Shape(std::span<const std::int64_t>(shape.begin() + 1, shape.end()));
}

}  // namespace

Recorder::Recorder(Tape& tape, std::uint64_t seed, bool large)
    : tape_(tape),
      random_(seed),
      dtype_(random_.chance(0.3L) ? DType::float32 : DType::float64),
      largest_(large ? 300000 : 4000) {
  if (large) keep(leaf({random_.integer(1, 40), random_.integer(1000, 5000)}));
  const std::int64_t leaves = random_.integer(1, 3), parameters = random_.integer(0, 2);
  for (std::int64_t i = 0; i < leaves; ++i) keep(leaf(random_shape()));
  for (std::int64_t i = 0; i < parameters; ++i) {
    const Tensor value = random_tensor(random_, random_shape(), dtype_);
    parameters_.emplace_back("p" + std::to_string(i), array_of(value));
    leaves_.push_back(tape_.read(parameters_.back()));
    keep(leaves_.back());
  }
}

void Recorder::step() {
  static constexpr struct {
    Step step;
    int weight;
  } kSteps[] = {{&Recorder::unary, 8},     {&Recorder::binary, 10},    {&Recorder::selection, 3},
                {&Recorder::reduction, 6}, {&Recorder::product, 3},    {&Recorder::normalisation, 1},
                {&Recorder::row_block, 2}, {&Recorder::whole_rows, 2}, {&Recorder::mini_batch, 2},
                {&Recorder::movement, 4},  {&Recorder::slicing, 3},    {&Recorder::joining, 2},
                {&Recorder::taking, 2},    {&Recorder::conversion, 1}, {&Recorder::differentiation, 2}};
  int total = 0;
  for (const auto& [step, weight] : kSteps) total += weight;
  std::int64_t choice = random_.integer(0, total - 1);
  for (const auto& [step, weight] : kSteps) {
    choice -= weight;
    if (choice < 0) return (this->*step)();
  }
}

const Var& Recorder::any() {
  // Late values are likelier, so that programs get deep.
  const auto count = std::ssize(values_);
  const std::int64_t first = random_.chance(0.5L) ? std::max<std::int64_t>(0, count - 4) : 0;
  return values_[index_of(random_.integer(first, count - 1))];
}

Var Recorder::tame(const Var& x) { return random_.chance(0.7L) ? tanh(x) : 2 * x / (1 + abs(x)); }

void Recorder::keep(const Var& x) { values_.push_back(x); }

Shape Recorder::random_shape() {
  Shape shape;
  const std::int64_t rank = random_.integer(0, 3);
  for (std::int64_t i = 0; i < rank; ++i) {
    const std::int64_t extent = random_.chance(0.08L) ? random_.integer(17, 70) : random_.integer(1, 5);
    shape.push_back(shape.size() * extent > largest_ ? 1 : extent);
  }
  return shape;
}

Var Recorder::leaf(const Shape& shape) {
  leaves_.push_back(tape_.variable(array_of(random_tensor(random_, shape, dtype_))));
  return leaves_.back();
}

Var Recorder::with_shape(const Shape& shape) {
  std::vector<Var> fitting;
  for (const Var& value : values_)
    if (value.shape() == shape) fitting.push_back(value);
  return fitting.empty() || random_.chance(0.1L) ? leaf(shape) : random_.pick(fitting);
}

Var Recorder::beside(const Shape& shape) {
  std::vector<Var> fitting;
  for (const Var& value : values_) {
    bool fits = value.rank() <= shape.rank();
    for (std::size_t i = 0; fits && i < value.rank(); ++i)
      fits = value.shape().back(i) == 1 || value.shape().back(i) == shape.back(i);
    if (fits) fitting.push_back(value);
  }
  if (!fitting.empty() && random_.chance(0.8L)) return random_.pick(fitting);
  Shape narrowed = shape;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis)
    if (random_.chance(0.4L)) narrowed[axis] = 1;
  while (narrowed.rank() > 0 && random_.chance(0.2L)) narrowed = without_first_axis(narrowed);
  return leaf(narrowed);
}

std::vector<int> Recorder::random_axes(std::size_t rank) {
  std::vector<int> axes;
  for (std::size_t axis = 0; axis < rank; ++axis)
    if (random_.chance(0.5L))
      axes.push_back(static_cast<int>(axis) - (random_.chance(0.5L) ? static_cast<int>(rank) : 0));
  return axes;
}

void Recorder::unary() {
  const Var x = any();
  switch (random_.integer(0, 15)) {
    case 0:
      return keep(-x);
    case 1:
      return keep(square(tame(x)));
    case 2:
      return keep(sqrt(abs(x) + 0.5));
    case 3:
      return keep(exp(tame(x)));
    case 4:
      return keep(expm1(tame(x)));
    case 5:
      return keep(log(abs(x) + 0.25));
    case 6:
      return keep(log1p(square(x)));
    case 7:
      return keep(abs(x));
    case 8:
      return keep(sigmoid(x));
    case 9:
      return keep(softplus(x));
    case 10:
      return keep(log_sigmoid(x));
    case 11:
      return keep(relu(x));
    case 12:
      return keep(power(abs(x) + 0.5, random_.pick(std::vector<double>{2, 3, 0.5, -1, 1.5})));
    case 13:
      return keep(x * random_.pick(std::vector<double>{0.5, -1.5, 2}) + 0.25);
    case 14:
      return keep(x - stop_gradient(mean(x)));
    default:
      return keep(tanh(x));
  }
}

Var Recorder::raised(const Var& x, const Var& y) {
  const Var base = abs(tame(x)) + 0.5;
  return power(base, tame(y));
}

void Recorder::binary() {
  const Var x = any(), y = beside(x.shape());
  switch (random_.integer(0, 8)) {
    case 0:
      return keep(x - y);
    case 1:
      return keep(y - x);
    case 2:
      return keep(tame(x) * y);
    case 3:
      return keep(x / (square(y) + 0.5));
    case 4:
      return keep(maximum(x, y));
    case 5:
      return keep(minimum(y, x));
    case 6:
      return keep(raised(x, y));
    case 7:
      return keep(x * 0.5 + y * x);
    default:
      return keep(x + y);
  }
}

void Recorder::selection() {
  const Var x = any(), y = beside(x.shape());
  const Var other = beside(x.shape());
  const Var less_than = x<y, greater_than = other> 0.1;
  const Var condition = random_.chance(0.5L)   ? less_than
                        : random_.chance(0.5L) ? logical_or(less_than, greater_than)
                                               : logical_xor(logical_not(greater_than), isfinite(x));
  keep(where(condition, x, random_.chance(0.3L) ? Operand(0.0) : Operand(other)));
}

void Recorder::reduction() {
  const Var x = any();
  const std::vector<int> axes = random_axes(x.rank());
  const Axes over = random_.chance(0.25L) ? Axes() : Axes(axes);
  const bool keepdims = random_.chance(0.3L);
  switch (random_.integer(0, 4)) {
    case 0:
      return keep(mean(x, over, keepdims));
    case 1:
      return keep(max(x, over, keepdims));
    case 2:
      return keep(min(x, over, keepdims));
    case 3:
      return keep(logsumexp(tame(x), over, keepdims));
    default:
      return keep(sum(tame(x), over, keepdims));
  }
}

void Recorder::normalisation() {
  const Var x = any();
  if (x.rank() == 0) return keep(tanh(x));
  const int axis = static_cast<int>(random_.integer(0, static_cast<std::int64_t>(x.rank()) - 1));
  keep(random_.chance(0.5L) ? softmax(tame(x), axis) : log_softmax(tame(x), axis));
}

void Recorder::product() {
  const Var x = tame(any());
  if (x.rank() == 0) return keep(x * x);
  const std::int64_t inner = x.shape().back();
  Shape other{inner};
  if (random_.chance(0.7L)) other.push_back(random_.integer(1, 6));
  if (other.rank() == 2 && x.rank() == 3 && random_.chance(0.5L)) other = Shape{x.shape()[0], inner, other[1]};
  const Var y = with_shape(other);
  if (x.rank() == 2 && random_.chance(0.3L)) return keep(matmul(transpose(x), with_shape({x.shape()[0], 2})));
  keep(matmul(x, y));
}

/// What a plan may do row by row: a matrix times a vector, perhaps one of its own rows, work on the result, the matrix
/// transposed times that.
void Recorder::row_block() {
  const std::int64_t columns = random_.integer(2, 40);
  const std::int64_t rows =
      random_.chance(0.2L) ? columns : random_.integer(2, random_.chance(0.3L) ? largest_ / columns : 30);
  const Var matrix = tame(with_shape({rows, columns}));
  const Var w = random_.chance(0.2L) ? slice(matrix, {Slice(random_.integer(0, rows - 1))}) : with_shape({columns});
  const Var logits = matmul(matrix, w), weights = tame(logits + beside({rows}));
  keep(logits);
  if (random_.chance(0.2L)) keep(sum(expand_dims(weights, 0), {0}));
  keep(random_.chance(0.5L) ? matmul(transpose(matrix), weights) : matmul(weights, matrix));
  if (random_.chance(0.3L)) keep(matmul(matrix, values_.back()));
}

/// Rows taken by indices, and what belongs to them by the same, perhaps a permutation of what is also read in order: a
/// matrix times a vector, work on the result, the matrix transposed times that.
void Recorder::mini_batch() {
  const std::int64_t columns = random_.integer(2, random_.chance(0.3L) ? 20 : 6);
  const std::int64_t most = random_.chance(0.3L) ? largest_ / columns : 40;
  const std::int64_t extent = random_.integer(2, most);
  const std::int64_t count = random_.chance(0.5L) ? extent : random_.integer(2, most);
  const Var x = with_shape({extent, columns}), w = with_shape({columns}), y = tame(with_shape({extent}));
  const auto end = static_cast<Real>(extent);
  const Var batch = tape_.variable(array_of(random_tensor(random_, {count}, DType::int64, -end, end - 1)));
  const Var rows = take(x, batch, 0), labels = take(y, batch, 0);
  const Var logits = matmul(rows, w), errors = tame(logits) - labels;
  keep(count == extent ? errors * y : errors);
  const Var weights = tame(values_.back());
  keep(random_.chance(0.5L) ? matmul(transpose(rows), weights) : matmul(weights, rows));
  if (random_.chance(0.1L)) keep(rows);
  if (random_.chance(0.1L)) keep(labels);
}

/// What a plan may do by blocks of whole rows: work on rows that reads their own sums and largest elements again,
/// before, after or between products with several columns.
void Recorder::whole_rows() {
  const bool many = random_.chance(0.3L);
  const std::int64_t widest = many && largest_ < 10000 ? 3 : 8, columns = random_.integer(2, widest);
  const std::int64_t depth = random_.chance(0.3L) ? columns : random_.integer(2, widest);
  const std::int64_t rows = many ? random_.integer(1024, largest_ / std::max(columns, depth)) : random_.integer(4, 60);
  if (largest_ > 10000 && random_.chance(0.5L)) dense_layer();
  const Var matrix = tame(with_shape({rows, depth}));
  const Var product =
      random_.chance(0.7L) ? matmul(matrix, with_shape({depth, columns})) : square(with_shape({rows, columns}));
  const Var logits = tame(product);
  keep(logits);
  const Var read = random_.chance(0.5L) ? logits : product;
  const Var largest = random_.chance(0.5L) ? max(read, {-1}, true) : mean(read, {-1}, true);
  if (random_.chance(0.3L)) keep(largest);
  const Var shift = random_.chance(0.5L) ? largest : tame(largest + beside({rows, 1}));
  const Var weights = exp(tame(logits - shift)), total = sum(weights, {-1}, true);
  keep(random_.chance(0.5L) ? weights / total : logits * log(total));
  if (random_.chance(0.5L)) keep(matmul(transpose(matrix), random_.chance(0.5L) ? logits : values_.back()));
  if (random_.chance(0.2L)) keep(sum(values_.back(), {0}));
}

/// A tall matrix times one with many columns, and work on the result, which may be read by others as well.
void Recorder::dense_layer() {
  const std::int64_t columns = random_.integer(2, random_.chance(0.5L) ? 150 : 40);
  const std::int64_t depth = random_.chance(0.3L) ? columns : random_.integer(2, 40);
  const std::int64_t rows = random_.integer(1024, std::max<std::int64_t>(1024, largest_ / std::max(columns, depth)));
  const Var matrix = tame(with_shape({rows, depth}));
  const Var w = random_.chance(0.5L) ? with_shape({depth, columns}) : transpose(with_shape({columns, depth}));
  const Var product = matmul(matrix, w / static_cast<double>(depth));
  if (random_.chance(0.2L)) keep(product);
  const Var layer = relu(product + beside({columns}));
  keep(random_.chance(0.3L) && depth == columns ? layer * matrix : layer);
  if (random_.chance(0.3L)) keep(sum(tanh(product), {random_.chance(0.5L) ? 0 : -1}));
  if (random_.chance(0.3L)) keep(matmul(transpose(matrix), layer));
}

void Recorder::movement() {
  const Var x = any();
  const auto rank = static_cast<std::int64_t>(x.rank());
  std::vector<int> order(x.rank());
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t i = order.size(); i-- > 1;)
    std::swap(order[i], order[index_of(random_.integer(0, static_cast<std::int64_t>(i)))]);
  switch (random_.integer(0, 4)) {
    case 0:
      return keep(transpose(x, order));
    case 1:
      return keep(reshape(x, {-1}));
    case 2:
      return keep(rank < 4 ? expand_dims(x, static_cast<int>(random_.integer(0, rank))) : squeeze(x));
    case 3:
      return keep(reshape(transpose(x, order), x.shape()));
    default:
      break;
  }
  Shape wide{random_.integer(1, 3)};
  for (std::int64_t extent : x.shape()) wide.push_back(extent);
  keep(rank < 4 && wide.size() <= largest_ ? broadcast_to(x, wide) : squeeze(x));
}

Slice Recorder::tail(std::int64_t extent) {
  const std::int64_t start = random_.integer(0, extent / 2), step = random_.integer(1, 2);
  return {start, extent, step};
}

void Recorder::slicing() {
  const Var x = any();
  std::vector<Slice> slices;
  for (std::int64_t extent : x.shape()) {
    if (extent < 2 || random_.chance(0.4L)) slices.emplace_back();
    else if (random_.chance(0.25L)) slices.emplace_back(random_.integer(-extent, extent - 1));
    else if (random_.chance(0.3L)) slices.emplace_back(Slice::kNone, Slice::kNone, -random_.integer(1, 2));
    else slices.push_back(tail(extent));
  }
  keep(slice(x, std::span<const Slice>(slices)));
}

void Recorder::joining() {
  const Var x = any();
  const Var y = with_shape(x.shape());
  if (x.size() > largest_ / 4) return keep(x + y);
  if (x.rank() == 0 || (x.rank() < 4 && random_.chance(0.4L)))
    return keep(stack({x, y}, static_cast<int>(random_.integer(0, static_cast<std::int64_t>(x.rank())))));
  keep(concatenate({x, y, x}, static_cast<int>(random_.integer(0, static_cast<std::int64_t>(x.rank()) - 1))));
}

void Recorder::taking() {
  const Var x = any();
  if (x.rank() == 0) return keep(x * 3);
  const auto axis = random_.integer(0, static_cast<std::int64_t>(x.rank()) - 1);
  const auto extent = static_cast<Real>(x.shape()[index_of(axis)]);
  if (random_.chance(0.5L)) {
    const Shape count{random_.integer(1, 4)};
    return keep(
        take(x, array_of(random_tensor(random_, count, DType::int64, -extent, extent - 1)), static_cast<int>(axis)));
  }
  Shape shape = x.shape();
  shape[index_of(axis)] = random_.integer(1, 3);
  keep(take_along_axis(x, array_of(random_tensor(random_, shape, DType::int64, -extent, extent - 1)),
                       static_cast<int>(axis)));
}

void Recorder::conversion() {
  const Var x = any();
  const DType other = dtype_ == DType::float32 ? DType::float64 : DType::float32;
  // By 0.3: but for rounding, half of a sum x + x is the x that something else may compare it with.
  keep(random_.chance(0.5L) ? cast(x > 0.3, dtype_) * x : cast(cast(x, other) * 0.3, dtype_));
}

void Recorder::differentiation() {
  if (tape_.size() > 400) return keep(tanh(any()));  // gradients of gradients of gradients grow fast
  const Var y = any();
  const Var target = random_.chance(0.7L) ? random_.pick(leaves_) : any();
  keep(tame(tape_.gradient(y.rank() == 0 ? y : sum(tame(y)), target)));
}

std::vector<Var> Recorder::outputs() {
  std::vector<Var> outputs;
  const std::int64_t count = random_.integer(1, 4);
  for (std::int64_t i = 0; i < count; ++i) outputs.push_back(any());
  if (random_.chance(0.7L)) {
    const std::vector<Target> targets(leaves_.begin(),
                                      leaves_.begin() + std::min<std::ptrdiff_t>(3, std::ssize(leaves_)));
    const Var last = sum(tame(values_.back())), other = sum(tame(any()));
    for (const Var& gradient : tape_.gradient(last + other, std::span<const Target>(targets)))
      outputs.push_back(gradient);
  }
  return outputs;
}

std::vector<Assignment> Recorder::assignments() {
  std::vector<Assignment> assignments;
  for (Parameter& parameter : parameters_) {
    const Var x = tape_.read(parameter);
    const Var step = beside(parameter.shape());
    assignments.push_back({parameter, x - 0.1 * tanh(step)});
  }
  return assignments;
}

}  // namespace xtape::test
