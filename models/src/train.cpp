#include "train.hpp"

#include <algorithm>
#include <variant>
#include <vector>

#include <xtape/ops.hpp>
#include <xtape/optim/fail.hpp>

namespace xtape::models {

using optim::detail::fail;

namespace {

optim::Result train_by_batches(const optim::Parameters& parameters, const RowsLoss& loss, const Array& x,
                               const Array& y, const FitOptions& options) {
  auto batch_loss = [&](Tape&, const Var& rows) { return loss(take(x, rows, 0), take(y, rows, 0)); };
  const optim::Batching batching{.rows = x.shape()[0], .batch_size = options.batch_size, .seed = options.seed};
  return optim::minimize(parameters, batch_loss, batching, std::get<optim::UpdateRule>(options.optimizer),
                         options.stopping, options.progress);
}

optim::Result train_by_all_rows(const optim::Parameters& parameters, const RowsLoss& loss, const Array& x,
                                const Array& y, const FitOptions& options) {
  auto full_loss = [&](Tape& tape) { return loss(tape.variable(x), y); };
  return optim::minimize(parameters, full_loss, options.optimizer, options.stopping, options.progress);
}

void check_batch_size(std::string_view caller, const FitOptions& options) {
  if (options.batch_size < 0) {
    fail<ValueError>(caller, ": batch_size must not be negative, is ", options.batch_size);
  }
  if (options.batch_size > 0 && !std::holds_alternative<optim::UpdateRule>(options.optimizer)) {
    const bool newton = std::holds_alternative<optim::Newton>(options.optimizer);
    fail<ValueError>(caller, ": ", newton ? "Newton's method" : "L-BFGS",
                     " takes all rows at once (batch_size 0), batch_size is ", options.batch_size);
  }
}

template <Element T>
Array largest_of_rows(const Array& logits) {
  const std::span<const T> values = logits.values<T>();
  const auto columns = static_cast<std::size_t>(logits.shape()[1]);
  std::vector<std::int64_t> result;
  for (std::size_t start = 0; start < values.size(); start += columns) {
    const std::span<const T> row = values.subspan(start, columns);
    result.push_back(std::ranges::max_element(row) - row.begin());
  }
  return Array::from(result);
}

}  // namespace

optim::Result train(std::string_view caller, const optim::Parameters& parameters, const RowsLoss& loss, const Array& x,
                    const Array& y, const FitOptions& options) {
  check_batch_size(caller, options);
  const auto run = options.batch_size > 0 ? train_by_batches : train_by_all_rows;
  return run(parameters, loss, x, y, options);
}

void check_finite_end(std::string_view caller, const optim::Result& result) {
  if (result.reason == optim::StopReason::non_finite) fail<NumericalError>(caller, ": ", result.message);
}

Var with_penalty(const Var& loss, double l2, const Parameter& weights) {
  if (l2 == 0) return loss;
  return loss + 0.5 * l2 * sum(square(read(weights, loss)));
}

Array likeliest_class(const Array& logits) {
  return logits.dtype() == DType::float32 ? largest_of_rows<float>(logits) : largest_of_rows<double>(logits);
}

double accuracy(const Array& predicted, const Array& labels) {
  std::int64_t right = 0;
  const std::span<const std::int64_t> p = predicted.values<std::int64_t>(), y = labels.values<std::int64_t>();
  for (std::size_t i = 0; i < p.size(); ++i) right += p[i] == y[i];
  return static_cast<double>(right) / static_cast<double>(p.size());
}

}  // namespace xtape::models
