#include "transform/direction.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include <xtape/ops.hpp>

#include "ops/batching.hpp"
#include "ops/errors.hpp"
#include "ops/op.hpp"
#include "ops/record.hpp"
#include "transform/apply.hpp"

namespace xtape::detail {

namespace {

template <class T>
void copy_checked(const Call& call) {
  T length = 0;
  for (std::int64_t i = 0; i < call.output.shape.size(); ++i) {
    std::memcpy(&length, call.inputs[0].data + static_cast<std::size_t>(i) * sizeof length, sizeof length);
    if (!(length > 0) || std::isinf(length))
      fail<ValueError>("directional_derivative", "the direction's length is ", static_cast<double>(length),
                       ", it must be positive and finite");
    std::memcpy(call.output.data + static_cast<std::size_t>(i) * sizeof length, &length, sizeof length);
  }
}

void check_length(const Call& call) {
  if (call.output.dtype == DType::float32) copy_checked<float>(call);
  else copy_checked<double>(call);
}

}  // namespace

static constinit const Op length_op{.name = "length",
                                    .kind = OpKind::opaque,
                                    .vjp = [](Rule& rule) { rule.give(0, rule.cotangent); },
                                    .execute = check_length,
                                    .batch = over_leading_axis};
XTAPE_LIST_OP(length_op);

Var length_of(std::span<const Var> direction, Location location) {
  const DType first = direction[0].dtype();
  const bool alike = std::ranges::all_of(direction, [&](const Var& part) { return part.dtype() == first; });
  const DType dtype = alike ? first : DType::float64;
  std::vector<Var> parts;
  for (const Var& part : direction) parts.push_back(norm(ravel(as_dtype(part, dtype))));
  const Var length = parts.size() == 1 ? parts[0] : norm(stack(parts));
  TapeState& state = VarAccess::state(length);
  const NodeId input = VarAccess::node(length);
  return VarAccess::make(state, append(state, length_op, length.dtype(), Shape{}, std::span(&input, 1), {}, location));
}

}  // namespace xtape::detail
