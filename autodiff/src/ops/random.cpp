// Draws on a tape. The key is an input, so that nothing about the numbers is part of the program: neither are two draws
// merged unless they have one key, nor does another key make another plan.
#include <bit>

#include <xtape/ops.hpp>

#include "ops/errors.hpp"
#include "ops/record.hpp"
#include "random/fill.hpp"

namespace xtape::detail {

namespace {

Key key_of(const Call& call) {
  const auto* bits = reinterpret_cast<const std::int64_t*>(call.inputs[0].data);
  return {std::bit_cast<std::uint64_t>(bits[0]), std::bit_cast<std::uint64_t>(bits[1])};
}

/// Calls fill(elements, size) with the output's elements.
template <class Fill>
void draw(const Call& call, const Fill& fill) {
  const std::int64_t size = call.output.shape.size();
  if (call.output.dtype == DType::float32) fill(reinterpret_cast<float*>(call.output.data), size);
  else fill(reinterpret_cast<double*>(call.output.data), size);
}

}  // namespace

extern constinit const Op random_uniform_op, random_normal_op;

constinit const Op random_uniform_op{
    .name = "random_uniform", .kind = OpKind::opaque, .execute = [](const Call& call) {
      draw(call, [&](auto* elements, std::int64_t size) { fill_uniform(key_of(call), elements, size); });
    }};
XTAPE_LIST_OP(random_uniform_op);

constinit const Op random_normal_op{
    .name = "random_normal", .kind = OpKind::opaque, .execute = [](const Call& call) {
      draw(call, [&](auto* elements, std::int64_t size) { fill_normal(key_of(call), elements, size); });
    }};
XTAPE_LIST_OP(random_normal_op);

namespace {

void check_key(std::string_view op, const Var& key) {
  if (key.dtype() != DType::int64) fail<DTypeError>(op, "the key is ", key.dtype(), ", it must be a Key or int64");
  if (key.shape() != Shape{2}) fail<ShapeError>(op, "the key is ", key.shape(), ", it must be [2]: seed and stream");
}

Var record_draw(std::string_view name, const Op& op, const Operand& x, const Operand& key) {
  const Operand* const list[] = {&x, &key};
  TapeState& state = tape_of(name, list);
  const Var like = VarAccess::make(state, resolve(state, name, x, DType::float64));
  const Var bits = VarAccess::make(state, resolve(state, name, key, DType::int64));
  check_floating(name, like);
  check_key(name, bits);
  const NodeId inputs[] = {VarAccess::node(bits)};
  return VarAccess::make(state, append(state, op, like.dtype(), like.shape(), inputs, {}, location_of(state, x)));
}

void check_probability(const Operand& p) {
  const double number = p.kind == Operand::Kind::real ? p.real : static_cast<double>(p.integer);
  if (p.kind >= Operand::Kind::integer && !(number >= 0 && number <= 1))
    fail<ValueError>("dropout", "p must be in [0, 1], is ", number);
}

}  // namespace

}  // namespace xtape::detail

namespace xtape {

Var uniform_like(const Operand& x, const Operand& key) {
  return detail::record_draw("uniform_like", detail::random_uniform_op, x, key);
}

Var normal_like(const Operand& x, const Operand& key) {
  return detail::record_draw("normal_like", detail::random_normal_op, x, key);
}

Var bernoulli(const Operand& p, const Operand& key) {
  const Operand* const list[] = {&p, &key};
  detail::TapeState& state = detail::tape_of("bernoulli", list);
  const Var chance = detail::VarAccess::make(state, detail::resolve(state, "bernoulli", p, DType::float64));
  const Var bits = detail::VarAccess::make(state, detail::resolve(state, "bernoulli", key, DType::int64));
  const detail::RuleScope scope(state, detail::location_of(state, p));
  const Var draw = detail::record_draw("bernoulli", detail::random_uniform_op, chance, bits);
  return detail::hand_out(state, draw < chance);
}

Var dropout(const Operand& x, const Operand& p, const Operand& key, bool training) {
  const Operand* const list[] = {&x, &p, &key};
  detail::check_probability(p);
  detail::TapeState& state = detail::tape_of("dropout", list);
  const Var v = detail::VarAccess::make(state, detail::resolve(state, "dropout", x, DType::float64));
  const Var chance = detail::VarAccess::make(state, detail::resolve(state, "dropout", p, v.dtype()));
  const Var bits = detail::VarAccess::make(state, detail::resolve(state, "dropout", key, DType::int64));
  const detail::RuleScope scope(state, detail::location_of(state, x));
  detail::check_floating("dropout", v);
  detail::check_key("dropout", bits);
  if (chance.rank() != 0) detail::fail<ShapeError>("dropout", "p must be a scalar, it is ", chance.shape());
  if (!training) return detail::hand_out(state, v);
  const Var draw = uniform_like(v, bits);
  const Var dropped = draw < chance;
  const Var scaled = v * (1 / (1 - chance));
  return detail::hand_out(state, where(dropped, 0, scaled));
}

}  // namespace xtape
