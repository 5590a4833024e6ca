// Ops of an application's own: a value, and the rule by which cotangents pass through it.
//
//     const CustomOp clipped("clipped",                                        // identity, with a bounded cotangent
//         [](std::span<const Var> x) { return x[0]; },
//         [](std::span<const Var>, const Var&, const Var& cotangent) {
//           return std::vector<Var>{maximum(minimum(cotangent, 1), -1)};
//         });
//     Var y = clipped(x);
//
// Most functions need none: a C++ function of ops is differentiated by itself. <xtape/gradient_check.hpp> checks a
// rule.
#pragma once

#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include <xtape/operand.hpp>
#include <xtape/tape.hpp>

namespace xtape {

namespace detail {
struct CustomDefinition;
}

/// An op to be created once and called often; it is never freed, since tapes and plans refer to it. The functions may
/// be called at any later time and from several threads; what they throw reaches whoever asked for the value or the
/// gradient. An op with several results gives them as one, by `stack` or `concatenate`.
class CustomOp {
 public:
  /// The value in ordinary ops, any number of them.
  using Forward = std::function<Var(std::span<const Var> x)>;
  /// A cotangent for each input, of its shape and dtype, in ordinary ops; an empty Var() means none. Numbers in it are
  /// part of the program's structure, as in `literal`.
  using Vjp = std::function<std::vector<Var>(std::span<const Var> x, const Var& y, const Var& cotangent)>;
  /// The value by any C++ code, which may use other tapes, but not the one that asks for it. The inputs are valid
  /// during the call only, and must not be written to.
  using ArrayForward = std::function<Array(std::span<const Array> x)>;
  using ArrayVjp = std::function<std::vector<Array>(std::span<const Array> x, const Array& y, const Array& cotangent)>;
  /// The shape of the value from those of the inputs.
  using ShapeRule = std::function<Shape(std::span<const Shape> x)>;

  /// An op with derivatives of any order, since its rule is made of ops. No gradient flows through `forward` itself.
  /// Throws ValueError for an empty name or function, as does the other form.
  CustomOp(std::string name, Forward forward, Vjp vjp);
  /// An opaque op, whose second derivative is an error. Its value has the dtype of the first floating input, and the
  /// shape of the first input unless `shape` says otherwise. An empty Array() means no cotangent.
  CustomOp(std::string name, ArrayForward forward, ArrayVjp vjp, ShapeRule shape = {});

  /// Records the op. Here, when gradients are taken, or for an opaque op when it runs, throws ShapeError, DTypeError or
  /// ValueError if the functions give something else than they should. An opaque op takes up to 32 inputs; to be
  /// differentiated for one, it must have that input's dtype.
  Var operator()(std::span<const Operand> inputs) const;
  Var operator()(std::initializer_list<Operand> inputs) const {
    return (*this)(std::span<const Operand>(inputs.begin(), inputs.size()));
  }
  Var operator()(const Operand& x) const { return (*this)({&x, 1}); }
  Var operator()(const Operand& a, const Operand& b) const { return (*this)({a, b}); }
  Var operator()(const Operand& a, const Operand& b, const Operand& c) const { return (*this)({a, b, c}); }

 private:
  const detail::CustomDefinition* definition_;
};

/// The same as functions.
inline CustomOp custom_op(std::string name, CustomOp::Forward forward, CustomOp::Vjp vjp) {
  return CustomOp(std::move(name), std::move(forward), std::move(vjp));
}
inline CustomOp custom_op(std::string name, CustomOp::ArrayForward forward, CustomOp::ArrayVjp vjp,
                          CustomOp::ShapeRule shape = {}) {
  return CustomOp(std::move(name), std::move(forward), std::move(vjp), std::move(shape));
}

}  // namespace xtape
