// `Op`: what the engine knows of an op. Each op is described by one constant of this type, in one block of the file of
// its family; differentiation reads `vjp`, the planner reads `kind` and the traits, and nobody switches over ops.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <xtape/tape.hpp>

#include "kernels/kernel.hpp"
#include "tape/program.hpp"

namespace xtape::detail {

struct TapeState;

enum class OpKind : std::uint8_t {
  leaf,         ///< an input: a value that the tape holds
  constant,     ///< a literal; its attribute is the bits of a double
  elementwise,  ///< each output element from the input elements at its place
  view,         ///< the input's elements, addressed otherwise
  reduction,    ///< over `attributes[1]` adjacent axes, of which the last is `attributes[0]` from the end
  matmul,       ///< (..., m, k) by (..., k, n) over equal leading axes
  opaque,       ///< anything else, run as a call on whole contiguous buffers
  composite,    ///< lowered to other ops before planning; a primitive for differentiation only
};

/// Addresses a tensor inside another's buffer, in elements.
struct View {
  std::int64_t offset = 0;
  std::int64_t strides[Shape::kMaxRank] = {};
};

/// An op's application seen by its rule: operands, result, cotangent, and where the inputs' cotangents go.
class Rule {
 public:
  Rule(TapeState& state, NodeId node, const Var& result_cotangent, std::uint32_t wanted)
      : cotangent(result_cotangent), state_(state), node_(node), wanted_(wanted) {}

  /// The input at this position, and the result.
  Var x(std::size_t input = 0) const;
  Var y() const;
  std::span<const std::int64_t> attributes() const;
  std::size_t inputs() const;
  /// Whether anybody needs the cotangent of this input.
  bool wants(std::size_t input) const { return input >= 32 || (wanted_ >> input & 1) != 0; }
  /// Hands over the cotangent of an input, of the input's shape.
  void give(std::size_t input, const Var& input_cotangent);

  const Var cotangent;
  /// Called by `give` with the node of the input; set by the driver.
  void (*receive)(void* driver, NodeId input, const Var& cotangent) = nullptr;
  void* driver = nullptr;

 private:
  TapeState& state_;
  NodeId node_;
  std::uint32_t wanted_;
};

/// A buffer that an opaque op reads or writes: contiguous, row-major.
struct Buffer {
  std::byte* data;
  DType dtype;
  Shape shape;
};

/// One call of an opaque op.
struct Call {
  std::span<const Buffer> inputs;
  Buffer output;
  std::span<const std::int64_t> attributes;
};

struct Batching;

struct Op {
  std::string_view name;
  OpKind kind;
  /// Gives cotangents to the inputs; null if no gradient flows through the op.
  void (*vjp)(Rule& rule) = nullptr;
  const ByInstructionSet<ElementwiseKernels>* elementwise = nullptr;
  /// For where: input 0 is boolean, and the dtype rules are for the inputs after it.
  bool boolean_first = false;
  /// For cast only: kernels by the dtype of the output, then as always by that of the input.
  const ByInstructionSet<ElementwiseKernels>* const* elementwise_by_output = nullptr;
  const ByInstructionSet<ReductionKernels>* reduction = nullptr;
  /// For views: the input's view and shape, the attributes and the output's shape, to the output's view. False if
  /// the elements cannot be addressed by strides, so that the input must be copied to a contiguous buffer first.
  bool (*view)(const View& input, const Shape& input_shape, std::span<const std::int64_t> attributes,
               const Shape& output_shape, View& output) = nullptr;
  /// For opaque ops. Throws ValueError where element values do not fit.
  void (*execute)(const Call& call) = nullptr;
  /// For composites: the value in ordinary ops.
  Var (*lower)(std::span<const Var> inputs, std::span<const std::int64_t> attributes) = nullptr;
  /// The op over one more leading axis, see ops/batching.hpp. Without it, an opaque op is applied to each example by
  /// itself, and any other over the leading axis as it is.
  NodeId (*batch)(const Batching& batching) = nullptr;
  /// For opaque ops that do no more than move elements: the op that copies them, which is this one or, where it adds up
  /// what falls on one place, its transpose. Indices are among the inputs behind the first.
  const Op* copies = nullptr;
  /// The attributes as `dump` shows them behind the inputs: "axes=[-1]". Without it they are not shown.
  std::string (*describe)(std::span<const std::int64_t> attributes) = nullptr;
};

/// A leaf that nobody has given a value: the input of a function that is being recorded.
inline bool is_valueless(const Node& node) { return node.op->kind == OpKind::leaf && node.holds == Holds::nothing; }

/// All ops that are linked in, in no particular order.
std::span<const Op* const> all_ops();

/// Puts an op into `all_ops()`.
#define XTAPE_LIST_OP(op) \
  [[gnu::used, gnu::section("xtape_ops")]] static constinit const ::xtape::detail::Op* const op##_entry = &op

}  // namespace xtape::detail
