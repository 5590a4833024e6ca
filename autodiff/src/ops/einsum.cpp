// einsum: subscripts to labels, labels to contractions of pairs, each brought to a matrix product.
#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <string>

#include <xtape/ops.hpp>

#include "ops/einsum_subscripts.hpp"
#include "ops/errors.hpp"
#include "ops/matmul.hpp"
#include "ops/record.hpp"
#include "ops/reduction.hpp"
#include "ops/view.hpp"

namespace xtape::detail {

namespace {

/// A tensor whose axes carry labels, each at most once.
struct Term {
  Var x;
  Labels labels;

  LabelSet set() const { return set_of(labels); }
  std::size_t axis_of(int label) const {
    return static_cast<std::size_t>(std::ranges::find(labels, label) - labels.begin());
  }
};

using Extents = std::array<std::int64_t, kLabels>;

std::int64_t size_of(const Labels& labels, const Extents& extents) {
  std::int64_t size = 1;
  for (int label : labels) size *= extents[static_cast<std::size_t>(label)];
  return size;
}

Labels chosen(const Labels& labels, LabelSet set) {
  Labels result;
  for (int label : labels)
    if (set >> label & 1) result.push_back(label);
  return result;
}

Labels joined(Labels first, const Labels& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

Var without_axis(const Var& x, std::size_t axis) {
  const Shape from = x.shape();
  Shape shape;
  for (std::size_t i = 0; i < from.rank(); ++i)
    if (i != axis) shape.push_back(from[i]);
  return reshaped(x, shape);
}

/// The diagonal of two axes of equal extent n as the last axis: every (n + 1)-th element of both taken as one.
Var diagonal_of(const Var& x, std::size_t first, std::size_t second) {
  std::vector<std::size_t> order;
  for (std::size_t axis = 0; axis < x.rank(); ++axis)
    if (axis != first && axis != second) order.push_back(axis);
  order.insert(order.end(), {first, second});
  const Shape from = x.shape();
  const std::int64_t n = from[first];
  Shape shape;
  for (std::size_t i = 0; i + 2 < order.size(); ++i) shape.push_back(from[order[i]]);
  shape.push_back(n * n);
  const Var flat = reshaped(permuted(x, order), shape);
  shape[shape.rank() - 1] = n;
  const std::int64_t attributes[] = {0, n + 1};
  return append_unary(slice_op, flat, shape, attributes);
}

/// Drops or joins the second axis of a label that occurs twice.
void join_twins(Term& term, std::size_t first, std::size_t second) {
  const Shape shape = term.x.shape();
  const int label = term.labels[first];
  if (shape[first] == shape[second]) {
    term.x = diagonal_of(term.x, first, second);
    term.labels.erase(term.labels.begin() + static_cast<std::ptrdiff_t>(second));
    term.labels.erase(term.labels.begin() + static_cast<std::ptrdiff_t>(first));
    term.labels.push_back(label);
    return;
  }
  const std::size_t single = shape[first] == 1 ? first : second;
  term.x = without_axis(term.x, single);
  term.labels.erase(term.labels.begin() + static_cast<std::ptrdiff_t>(single));
}

/// Every label once: diagonals taken, and axes of extent 1 that broadcast dropped.
Term simple_term(Term term, const Extents& extents) {
  for (std::size_t i = 0; i < term.labels.size();) {
    const auto twin =
        std::find(term.labels.begin() + static_cast<std::ptrdiff_t>(i) + 1, term.labels.end(), term.labels[i]);
    if (twin == term.labels.end()) {
      ++i;
      continue;
    }
    join_twins(term, i, static_cast<std::size_t>(twin - term.labels.begin()));
    i = 0;
  }
  for (std::size_t i = term.labels.size(); i-- > 0;) {
    if (term.x.shape()[i] == extents[static_cast<std::size_t>(term.labels[i])]) continue;
    term.x = without_axis(term.x, i);
    term.labels.erase(term.labels.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return term;
}

/// The sum over the axes whose labels are not in `keep`.
Term summed(const Term& term, LabelSet keep) {
  AxisSet gone;
  for (std::size_t axis = 0; axis < term.labels.size(); ++axis) gone[axis] = (keep >> term.labels[axis] & 1) == 0;
  return {reduced(sum_op, term.x, gone), chosen(term.labels, keep)};
}

Var ordered(const Term& term, const Labels& labels) {
  std::vector<std::size_t> axes;
  for (int label : labels) axes.push_back(term.axis_of(label));
  return axes.empty() ? term.x : permuted(term.x, axes);
}

/// The axes in this order, with extent 1 where the term lacks a label.
Var spread_to(const Term& term, const Labels& labels) {
  const Var moved = ordered(term, chosen(labels, term.set()));
  const Shape from = moved.shape();
  Shape shape;
  std::size_t next = 0;
  for (int label : labels) shape.push_back(term.set() >> label & 1 ? from[next++] : 1);
  return reshaped(moved, shape);
}

/// Elementwise, with broadcasting.
Term multiplied(const Term& a, const Term& b) {
  const Labels labels = joined(a.labels, chosen(b.labels, ~a.set()));
  const Var left = spread_to(a, labels), right = spread_to(b, labels);
  return {left * right, labels};
}

/// (batch, free of a, summed) @ (batch, summed, free of b).
Term matrix_multiplied(const Term& a, const Term& b, LabelSet keep, const Extents& extents) {
  const LabelSet both = a.set() & b.set();
  // The larger operand is likelier to be read in place, so its order of axes counts.
  const Term& larger = a.x.size() >= b.x.size() ? a : b;
  const Labels batch = chosen(larger.labels, both & keep), gone = chosen(larger.labels, both & ~keep);
  const Labels rows = chosen(a.labels, ~both), columns = chosen(b.labels, ~both);
  const std::int64_t m = size_of(rows, extents), k = size_of(gone, extents), n = size_of(columns, extents);
  const std::int64_t batches = size_of(batch, extents);
  const Var left = ordered(a, joined(joined(batch, rows), gone));
  const Var right = ordered(b, joined(joined(batch, gone), columns));
  const Var left_matrix = reshaped(left, batch.empty() ? Shape{m, k} : Shape{batches, m, k});
  const Var right_matrix = reshaped(right, batch.empty() ? Shape{k, n} : Shape{batches, k, n});
  const Labels labels = joined(joined(batch, rows), columns);
  Shape shape;
  for (int label : labels) shape.push_back(extents[static_cast<std::size_t>(label)]);
  return {reshaped(matrix_product(left_matrix, right_matrix), shape), labels};
}

/// The product of two terms, summed over what neither `keep` nor the result needs.
Term contracted(const Term& first, const Term& second, LabelSet keep, const Extents& extents) {
  const Term a = summed(first, second.set() | keep), b = summed(second, first.set() | keep);
  const LabelSet both = a.set() & b.set();
  if ((both & ~keep) == 0) return multiplied(a, b);
  const bool dots = (both & keep) != 0 && a.set() == both && b.set() == both;
  return dots ? summed(multiplied(a, b), keep) : matrix_multiplied(a, b, keep, extents);
}

/// Which operand's free labels the output names first.
bool wants_swap(const Term& a, const Term& b, const Labels& output) {
  const LabelSet both = a.set() & b.set();
  const auto first_of = [&](const Term& term) {
    return std::ranges::find_if(output, [&](int label) { return ((term.set() & ~both) >> label & 1) != 0; });
  };
  return first_of(b) < first_of(a);
}

double work(LabelSet labels, const Extents& extents) {
  double product = 1;
  for (; labels != 0; labels &= labels - 1)
    product *= static_cast<double>(extents[static_cast<std::size_t>(std::countr_zero(labels))]);
  return product;
}

/// The contraction of terms, in an order of least work.
class Contraction {
 public:
  Contraction(std::vector<Term> terms, const Labels& output, const Extents& extents)
      : terms_(std::move(terms)), output_(output), extents_(extents) {}

  Term run() {
    while (terms_.size() > kExhaustive) join_cheapest();
    plan();
    return build(full());
  }

 private:
  static constexpr std::size_t kExhaustive = 6;
  using Subset = unsigned;

  Subset full() const { return (Subset{1} << terms_.size()) - 1; }

  /// What the output and the terms outside the subset need.
  LabelSet needed_outside(Subset subset) const {
    LabelSet labels = set_of(output_);
    for (std::size_t i = 0; i < terms_.size(); ++i)
      if ((subset >> i & 1) == 0) labels |= terms_[i].set();
    return labels;
  }

  LabelSet labels_of(Subset subset) const {
    LabelSet labels = 0;
    for (std::size_t i = 0; i < terms_.size(); ++i)
      if (subset >> i & 1) labels |= terms_[i].set();
    return labels & needed_outside(subset);
  }

  void plan() {
    least_.assign(full() + 1, 0);
    split_.assign(full() + 1, 0);
    for (Subset subset = 1; subset <= full(); ++subset) {
      if (std::has_single_bit(subset)) continue;
      least_[subset] = std::numeric_limits<double>::infinity();
      for (Subset part = (subset - 1) & subset; part > subset - part; part = (part - 1) & subset)
        try_split(subset, part);
    }
  }

  void try_split(Subset subset, Subset part) {
    const Subset rest = subset & ~part;
    const double total = least_[part] + least_[rest] + work(labels_of(part) | labels_of(rest), extents_);
    if (total >= least_[subset] && split_[subset] != 0) return;
    least_[subset] = total;
    split_[subset] = part;
  }

  Term build(Subset subset) const {
    if (std::has_single_bit(subset))
      return summed(terms_[static_cast<std::size_t>(std::countr_zero(subset))], needed_outside(subset));
    const Term a = build(split_[subset]);
    const Term b = build(subset & ~split_[subset]);
    return joined_pair(a, b, needed_outside(subset));
  }

  Term joined_pair(const Term& a, const Term& b, LabelSet keep) const {
    return wants_swap(a, b, output_) ? contracted(b, a, keep, extents_) : contracted(a, b, keep, extents_);
  }

  void join_cheapest() {
    double least = std::numeric_limits<double>::infinity();
    std::size_t first = 0, second = 1;
    for (std::size_t i = 0; i < terms_.size(); ++i)
      for (std::size_t j = i + 1; j < terms_.size(); ++j)
        if (const double cost = work(terms_[i].set() | terms_[j].set(), extents_); cost < least)
          least = cost, first = i, second = j;
    LabelSet keep = set_of(output_);
    for (std::size_t i = 0; i < terms_.size(); ++i)
      if (i != first && i != second) keep |= terms_[i].set();
    terms_[first] = joined_pair(terms_[first], terms_[second], keep);
    terms_.erase(terms_.begin() + static_cast<std::ptrdiff_t>(second));
  }

  std::vector<Term> terms_;
  const Labels& output_;
  const Extents& extents_;
  std::vector<double> least_;
  std::vector<Subset> split_;
};

void widen(Extents& extents, int label, const Shape& shape, std::size_t axis) {
  std::int64_t& extent = extents[static_cast<std::size_t>(label)];
  const std::int64_t other = shape[axis];
  if (extent == -1 || extent == 1) extent = other;
  if (other != extent && other != 1)
    fail<ShapeError>("einsum", name_of(label), " is axis ", axis, " of ", shape, ", and has extent ", extent,
                     " elsewhere");
}

/// What each label stands for, extents of 1 being broadcast.
Extents extents_of(std::span<const Var> operands, const std::vector<Labels>& labels) {
  Extents extents;
  extents.fill(-1);
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const Shape shape = operands[i].shape();
    for (std::size_t axis = 0; axis < shape.rank(); ++axis) widen(extents, labels[i][axis], shape, axis);
  }
  return extents;
}

Var einsum_of(std::string_view text, std::span<const Var> operands) {
  std::vector<std::size_t> ranks;
  for (const Var& operand : operands) ranks.push_back(operand.rank());
  const Subscripts subscripts = parse_subscripts(text, ranks);
  if (subscripts.output.size() > Shape::kMaxRank)
    fail<ShapeError>("einsum", "\"", text, "\" has an output of ", subscripts.output.size(), " axes, the most are ",
                     Shape::kMaxRank);
  const Extents extents = extents_of(operands, subscripts.inputs);
  std::vector<Term> terms;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    check_floating("einsum", operands[i]);
    terms.push_back(simple_term({operands[i], subscripts.inputs[i]}, extents));
  }
  const Term result = Contraction(std::move(terms), subscripts.output, extents).run();
  return ordered(result, subscripts.output);
}

}  // namespace

}  // namespace xtape::detail

namespace xtape {

Var einsum(std::string_view subscripts, std::span<const Operand> operands) {
  if (operands.empty()) detail::fail<ValueError>("einsum", "there are no operands");
  std::vector<const Operand*> list;
  for (const Operand& operand : operands) list.push_back(&operand);
  detail::TapeState& state = detail::tape_of("einsum", list);
  const DType dtype = detail::common_dtype("einsum", state, list);
  std::vector<Var> vars;
  for (const Operand& operand : operands)
    vars.push_back(detail::VarAccess::make(state, detail::resolve(state, "einsum", operand, dtype)));
  const detail::RuleScope scope(state, detail::location_of(state, operands[0]));
  return detail::hand_out(state, detail::einsum_of(subscripts, vars));
}

Var einsum(std::string_view subscripts, const std::vector<Var>& operands, const char* file, std::uint32_t line) {
  std::vector<Operand> list;
  list.reserve(operands.size());
  for (const Var& operand : operands) list.emplace_back(operand, file, line);
  return einsum(subscripts, std::span<const Operand>(list));
}

}  // namespace xtape
