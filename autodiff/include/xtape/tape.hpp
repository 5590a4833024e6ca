// `Tape` and `Var`: recording a program, differentiating it, and asking for values.
//
//     xtape::Tape tape;
//     auto x = tape.variable(2.0), y = tape.variable(1.0);
//     auto z = x * x + x * y + y * y;
//     auto [dx, dy] = tape.gradient<2>(z, {x, y});
//     z.item<double>();  // 7; this is when something runs
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <xtape/array.hpp>
#include <xtape/parameter.hpp>

namespace xtape {

class Tape;

namespace detail {
struct TapeState;
struct VarAccess;
}  // namespace detail

/// A handle to a value on a tape. Two words, copied freely. Used after its tape was reset or destroyed, it throws
/// StaleVarError; so does a default-constructed one.
class Var {
 public:
  Var() = default;

  Shape shape() const;
  DType dtype() const;
  std::size_t rank() const;
  std::int64_t size() const;

  /// The value, computed now if it has not been; kept until the tape is reset.
  Array value() const;
  /// The only element, converted to T. Throws ShapeError if there is more than one.
  template <Element T>
  T item() const {
    const Array* held = held_array();
    return held != nullptr ? held->item<T>() : value().item<T>();
  }
  /// The value of a 0-d boolean Var: `if (x > 0)`. Throws DTypeError or ShapeError for anything else.
  explicit operator bool() const;

 private:
  friend struct detail::VarAccess;
  /// The value where the tape holds it, until more is computed or recorded; null for one that it has in another form.
  const Array* held_array() const;
  Var(detail::TapeState* state, std::uint32_t generation, std::uint32_t node)
      : state_(state), generation_(generation), node_(node) {}

  detail::TapeState* state_ = nullptr;
  std::uint32_t generation_ = 0;
  std::uint32_t node_ = 0;
};

/// What a gradient is taken with respect to: a Var, or a Parameter (which stands for its read on the tape).
class Target {
 public:
  Target(const Var& var) : var_(var) {}
  Target(const Parameter& parameter) : parameter_(&parameter) {}

 private:
  friend class Tape;
  Var var_;
  const Parameter* parameter_ = nullptr;
};

/// `parameter` gets the value of `value` when the evaluation succeeds.
struct Assignment {
  Parameter& parameter;
  Var value;
};

/// How a tape runs its programs.
struct Options {
  /// False runs one op at a time in recorded order, for debugging and as the reference in tests.
  bool planned = true;
  /// False turns off every pass that changes rounding; planned and unplanned then agree bit for bit.
  bool rounding_passes = true;
  /// Bytes that an evaluation may take for what lies between its inputs and its results. Where that needs more, values
  /// are computed again instead of being kept, at most about once each; results do not change by a bit. It takes what
  /// it must if that does not suffice.
  std::size_t memory_budget = std::numeric_limits<std::size_t>::max();
  /// Asking for a value that is not finite throws NumericalError, which names the op that it comes from, see
  /// <xtape/debug.hpp>.
  bool detect_anomalies = false;
  friend bool operator==(const Options&, const Options&) = default;

  /// As above, unless the environment variable XTAPE_UNPLANNED (not planned) or XTAPE_DETECT_ANOMALIES is set to 1.
  static Options from_environment();
};

/// An append-only program in single-assignment form, with the values computed so far. An ordinary object for one
/// thread at a time; different tapes may be used in different threads. A tape that is never reset grows by its nodes
/// and by the values that were asked for.
class Tape {
 public:
  explicit Tape(const Options& options = Options::from_environment());
  ~Tape();
  Tape(Tape&& other) noexcept;
  Tape& operator=(Tape&& other) noexcept;
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  /// Options::memory_budget for evaluations from now on.
  void set_memory_budget(std::size_t bytes);

  /// Forgets every node and value; all Vars of this tape become stale. Keeps its memory for the next recording.
  void reset();

  /// A leaf with this value. A C++ number gives a 0-d leaf of its own dtype: 2.0 is float64, 2.0f float32, and 2 int64,
  /// which carries no gradient.
  Var variable(Array value, const char* file = __builtin_FILE(), std::uint32_t line = __builtin_LINE());
  template <class T>
  requires std::is_arithmetic_v<T> Var variable(T value, const char* file = __builtin_FILE(),
                                                std::uint32_t line = __builtin_LINE()) {
    if constexpr (Element<T>) return variable(Array(value), file, line);
    else if constexpr (std::is_floating_point_v<T>) return variable(Array(static_cast<double>(value)), file, line);
    else return variable(Array(detail::to_int64(value)), file, line);
  }
  /// The one Var that stands for the Parameter's present value on this tape.
  Var read(const Parameter& parameter, const char* file = __builtin_FILE(), std::uint32_t line = __builtin_LINE());
  /// From now on `value` stands for the Parameter: reads give it, and gradients with respect to the Parameter are with
  /// respect to it. So a model can be evaluated at x + t d while the Parameter holds x. Ends with the next reset; the
  /// Parameter itself is not changed. Throws ShapeError or DTypeError if `value` is not of the Parameter's shape and
  /// dtype.
  void substitute(const Parameter& parameter, const Var& value);

  /// Whether the Var is of this tape. Throws StaleVarError for one of a tape that was reset or destroyed.
  bool owns(const Var& var) const;
  /// Whether `target` takes part in the program of `y`. If not, the gradient is zero whatever the values.
  bool depends_on(const Var& y, const Target& target) const;
  /// The gradients of a scalar `y`, in the order of `targets`; each has its target's shape and dtype, zeros where `y`
  /// does not depend on the target. They are Vars of this tape, to be differentiated further if you like.
  /// Throws ShapeError if `y` is not a scalar, DTypeError if `y` or a target is not floating.
  std::vector<Var> gradient(const Var& y, std::span<const Target> targets) {
    std::vector<Var> results(targets.size());
    gradient(y, targets, results.data());
    return results;
  }
  std::vector<Var> gradient(const Var& y, std::initializer_list<Target> targets) {
    return gradient(y, std::span<const Target>(targets.begin(), targets.size()));
  }
  Var gradient(const Var& y, const Target& target) {
    Var result;
    gradient(y, std::span(&target, 1), &result);
    return result;
  }
  /// The same, for structured bindings: auto [dx, dy] = tape.gradient<2>(z, {x, y}).
  template <std::size_t N>
  std::array<Var, N> gradient(const Var& y, const Target (&targets)[N]) {
    std::array<Var, N> results;
    gradient(y, targets, results.data());
    return results;
  }
  /// The product of `cotangent`, which has the shape and dtype of `y`, with the Jacobian of a tensor `y`.
  std::vector<Var> vjp(const Var& y, const Var& cotangent, std::span<const Target> targets);
  std::vector<Var> vjp(const Var& y, const Var& cotangent, std::initializer_list<Target> targets) {
    return vjp(y, cotangent, std::span<const Target>(targets.begin(), targets.size()));
  }

  /// Computes several values as one plan.
  std::vector<Array> evaluate(std::span<const Var> outputs);
  std::vector<Array> evaluate(std::initializer_list<Var> outputs) {
    return evaluate(std::span<const Var>(outputs.begin(), outputs.size()));
  }
  /// Computes `outputs` and the assigned values as one plan, then assigns. All right-hand sides see the old values.
  /// If the 0-d boolean `guard` is given and false, or the run throws, every Parameter keeps its old value.
  /// Returns whether it assigned. Throws ValueError if a Parameter is assigned twice.
  bool evaluate(std::span<const Var> outputs, std::span<const Assignment> assignments, const Var* guard = nullptr);
  bool evaluate(std::initializer_list<Var> outputs, std::initializer_list<Assignment> assignments,
                const Var* guard = nullptr) {
    return evaluate(std::span<const Var>(outputs.begin(), outputs.size()),
                    std::span<const Assignment>(assignments.begin(), assignments.size()), guard);
  }

  /// The number of nodes recorded since the last reset.
  std::size_t size() const;
  /// The recorded program as text, a line for each node.
  std::string dump() const;
  /// The plan that asking for these outputs would run, as text: its loops, calls and buffers.
  std::string dump_plan(std::span<const Var> outputs) const;
  std::string dump_plan(std::initializer_list<Var> outputs) const {
    return dump_plan(std::span<const Var>(outputs.begin(), outputs.size()));
  }

 private:
  friend struct detail::VarAccess;
  void gradient(const Var& y, std::span<const Target> targets, Var* results);
  std::optional<std::uint32_t> find_target(const Target& target, std::uint32_t y) const;
  std::span<const std::uint32_t> target_nodes(std::span<const Target> targets, std::uint32_t y);

  detail::TapeState* state_ = nullptr;
};

/// `tape.read(parameter)` for the tape of `beside`, where the tape itself is not at hand.
Var read(const Parameter& parameter, const Var& beside, const char* file = __builtin_FILE(),
         std::uint32_t line = __builtin_LINE());

}  // namespace xtape
