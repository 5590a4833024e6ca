// `Function`: a program that is recorded once and called again and again with other inputs.
//
//     xtape::Function step([](xtape::Tape& tape, xtape::Var w, xtape::Var x) {
//       xtape::Var loss = sum(square(matmul(x, w)));
//       return std::pair(loss, w - 0.1 * tape.gradient(loss, w));
//     });
//     auto [loss, next] = step.call<2>(w, x);  // Arrays in, Arrays out; the first call records
//
// What the C++ function reads from anywhere else than its inputs belongs to the recording: captured C++ numbers and
// Arrays are constants of the program, and `if`s took the branch that they took then. Only Parameters are read at their
// present values by every call, if they are read by reference: a callable that holds Parameters as members is copied
// with them, so give std::ref(model) or a lambda that captures it by reference. Give them values by `assign` or
// Tape::evaluate; `=` makes a Parameter another one, which the recording does not know.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <xtape/array.hpp>
#include <xtape/operand.hpp>
#include <xtape/parameter.hpp>
#include <xtape/tape.hpp>

namespace xtape {

namespace detail {

struct FunctionState;
struct CallInputAccess;

inline const Shape kNoAxes{};

/// An input of a call, for its duration: an Array, a Var, a Parameter, a C++ number or an xtensor expression.
class CallInput {
 public:
  CallInput(const Array& array) : array_(&array), bytes_(array.bytes()), shape_(&array.shape()), dtype_(array.dtype()) {
    if (!array.has_value()) throw_no_value();
  }
  CallInput(const Var& var) : var_(&var) {}
  CallInput(const Parameter& parameter) : CallInput(parameter.value()) { parameter_ = &parameter; }
  template <class T>
  requires std::is_arithmetic_v<T> CallInput(T number) : bytes_(&bits_), shape_(&kNoAxes) {
    if constexpr (Element<T>) set(number);
    else if constexpr (std::is_floating_point_v<T>) set(static_cast<double>(number));
    else set(to_int64(number));
  }
  template <class T>
  requires requires(const T& value) { ArrayConversion<T>::convert(value); }
  CallInput(const T& value) : own_(ArrayConversion<T>::convert(value)) {
    array_ = &own_;
    bytes_ = own_.bytes();
    shape_ = &own_.shape();
    dtype_ = own_.dtype();
  }
  CallInput(const CallInput&) = delete;
  CallInput& operator=(const CallInput&) = delete;

 private:
  friend struct CallInputAccess;
  [[noreturn]] static void throw_no_value();
  template <class T>
  void set(T number) {
    dtype_ = dtype_of<T>;
    __builtin_memcpy(&bits_, &number, sizeof number);
  }

  const Array* array_ = nullptr;
  const Var* var_ = nullptr;
  const Parameter* parameter_ = nullptr;
  const void* bytes_ = nullptr;
  const Shape* shape_ = nullptr;
  DType dtype_ = DType::float64;
  std::uint64_t bits_ = 0;
  Array own_;
};

template <class T>
concept CallInputType = std::is_constructible_v<CallInput, const T&>;

template <class... Args>
inline constexpr bool kAnyVar = (std::is_same_v<Args, Var> || ...);

/// Appends the Vars of a result: a Var, a range of results, a pair or tuple of them, or a value with its derivative.
template <class Result>
void append_results(const Result& result, std::vector<Var>& vars) {
  if constexpr (std::is_same_v<Result, Var>) {
    vars.push_back(result);
  } else if constexpr (requires { std::begin(result); }) {
    for (const auto& part : result) append_results(part, vars);
  } else if constexpr (requires { result.derivative; }) {
    append_results(result.value, vars);
    append_results(result.derivative, vars);
  } else {
    std::apply([&](const auto&... parts) { (append_results(parts, vars), ...); }, result);
  }
}

inline constexpr std::size_t kMostPositional = 12;

template <std::size_t>
using VarAt = const Var&;

/// Whether F takes First... and as many Vars as I.
template <class F, class... First, std::size_t... I>
constexpr bool takes(std::index_sequence<I...>) {
  return std::is_invocable_v<F&, First..., VarAt<I>...>;
}
/// The numbers of Vars, from `Count` on, that F takes behind First..., a bit for each.
template <std::size_t Count, class F, class... First>
constexpr std::uint32_t counts_taken() {
  if constexpr (Count > kMostPositional) return 0;
  else
    return (takes<F, First...>(std::make_index_sequence<Count>()) ? std::uint32_t{1} << Count : 0) |
           counts_taken<Count + 1, F, First...>();
}

/// The numbers of inputs that F can be called with. Where it takes Vars alone nothing else is tried: bodies of generic
/// lambdas do not compile with a Tape in place of a Var.
template <class F>
inline constexpr std::uint32_t kPlainCounts = counts_taken<1, F>();
template <class F>
constexpr std::uint32_t tape_counts() {
  if constexpr (kPlainCounts<F> != 0) return 0;
  else return counts_taken<0, F, Tape&>();
}

inline constexpr std::uint32_t kAnyCount = ~std::uint32_t{0};

/// What a Function calls to record: the inputs' Vars to the results'.
struct Recorder {
  std::function<void(Tape& tape, std::span<const Var> inputs, std::vector<Var>& results)> record;
  std::uint32_t counts = 0;  ///< the numbers of inputs that it takes
};

template <std::size_t Count, class F, class... First>
void record_positional(F& f, std::span<const Var> inputs, std::vector<Var>& results, First&... first) {
  if constexpr (Count <= kMostPositional) {
    if constexpr (takes<F, First&...>(std::make_index_sequence<Count>())) {
      if (inputs.size() == Count) return [&]<std::size_t... I>(std::index_sequence<I...>) {
          append_results(f(first..., inputs[I]...), results);
        }
      (std::make_index_sequence<Count>());
    }
    record_positional<Count + 1>(f, inputs, results, first...);
  }
}

template <class F>
Recorder recorder_of(F function) {
  auto f = std::make_shared<F>(std::move(function));
  if constexpr (kPlainCounts<F> != 0) {
    return {[f](Tape&, std::span<const Var> inputs, std::vector<Var>& results) {
              record_positional<1>(*f, inputs, results);
            },
            kPlainCounts<F>};
  } else if constexpr (tape_counts<F>() != 0) {
    return {[f](Tape& tape, std::span<const Var> inputs, std::vector<Var>& results) {
              record_positional<0>(*f, inputs, results, tape);
            },
            tape_counts<F>()};
  } else if constexpr (std::is_invocable_v<F&, std::span<const Var>>) {
    return {
        [f](Tape&, std::span<const Var> inputs, std::vector<Var>& results) { append_results((*f)(inputs), results); },
        kAnyCount};
  } else {
    static_assert(
        std::is_invocable_v<F&, Tape&, std::span<const Var>>,
        "a Function is made of a callable of up to 12 Vars or of a std::span<const Var>, perhaps behind a Tape&");
    return {[f](Tape& tape, std::span<const Var> inputs, std::vector<Var>& results) {
              append_results((*f)(tape, inputs), results);
            },
            kAnyCount};
  }
}

}  // namespace detail

/// A recorded program that can be called again with other inputs. Copies share the recordings; several threads may call
/// one at once.
class Function {
 public:
  static constexpr std::size_t kDefaultCapacity = 16;

  /// Of a callable of Vars, f(x, y, ...), that gives a Var, or a vector, array, pair or tuple of Vars, or what
  /// value_and_gradient gives; a Tape& in front of the Vars, for tape.gradient and tape.read, or one std::span<const
  /// Var> in place of them, if it takes them so. It is called, with Vars that have no values, at the first call with
  /// inputs of new dtypes and shapes, by one thread at a time; values that it asks for must not depend on its inputs.
  template <class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, Function>) explicit Function(
      F&& f, const Options& options = Options::from_environment(), const char* file = __builtin_FILE(),
      std::uint32_t line = __builtin_LINE())
      : Function(detail::recorder_of<std::decay_t<F>>(std::forward<F>(f)), options, file, line) {}

  /// The one result. With Arrays, Parameters, C++ numbers (2.0 is float64, 2.0f float32 and 2 int64) and xtensor
  /// expressions it is an Array: the plan of these dtypes and shapes runs. With a Var among them it is a Var: the
  /// program is recorded on its tape, to be differentiated, for Parameters too. Throws ValueError for a wrong number of
  /// inputs, for Vars of two tapes, if there is not one result, and, when it records, for a result that does not come
  /// from the inputs' tape; a loaded Function throws DTypeError or ShapeError for what it was not recorded for. With
  /// Options::detect_anomalies, NumericalError for an Array that is not finite (xtape/debug.hpp).
  template <detail::CallInputType... Args>
  std::conditional_t<detail::kAnyVar<Args...>, Var, Array> operator()(const Args&... args) const {
    const std::array<const detail::CallInput, sizeof...(Args)> inputs{detail::CallInput(args)...};
    if constexpr (detail::kAnyVar<Args...>) return record_one(inputs);
    else return run_one(inputs);
  }

  /// All results, in order.
  template <detail::CallInputType... Args>
  auto call(const Args&... args) const {
    const std::array<const detail::CallInput, sizeof...(Args)> inputs{detail::CallInput(args)...};
    if constexpr (detail::kAnyVar<Args...>) return record_all(inputs);
    else return run_all(inputs);
  }
  /// The N results: `auto [loss, gradient] = f.call<2>(x)`.
  template <std::size_t N, detail::CallInputType... Args>
  auto call(const Args&... args) const {
    const std::array<const detail::CallInput, sizeof...(Args)> inputs{detail::CallInput(args)...};
    std::array<std::conditional_t<detail::kAnyVar<Args...>, Var, Array>, N> results;
    if constexpr (detail::kAnyVar<Args...>) record_into(inputs, results);
    else run_into(inputs, results);
    return results;
  }
  /// The same for inputs whose number the compiler does not know.
  std::vector<Array> call(std::span<const Array> inputs) const;
  std::vector<Var> call(std::span<const Var> inputs) const;

  /// Records and plans for inputs like these, without running.
  template <detail::CallInputType... Args>
  requires(!detail::kAnyVar<Args...>) void prepare(const Args&... args) const {
    const std::array<const detail::CallInput, sizeof...(Args)> inputs{detail::CallInput(args)...};
    prepare_for(inputs);
  }

  /// How many recordings, one for each list of dtypes and shapes, are kept; the least recently used one beyond goes.
  /// Throws ValueError below 1.
  void set_capacity(std::size_t recordings);
  /// How many there are now.
  std::size_t recordings() const;

  /// The Parameters that the recorded programs read, in the order of their first reads. The pointers are valid as long
  /// as the Function or a copy of it is; assigning to one changes what the application's own Parameter holds, too.
  std::vector<Parameter*> parameters() const;

  /// Writes the recorded programs to a file, for `load` in an application that has none of the code that recorded them:
  /// captured values as constants, Parameters with their names and present values. Throws ValueError if nothing has
  /// been recorded, if the file cannot be written, or for a custom op whose value is a C++ function, a fixed point or a
  /// root.
  void save(const std::string& path) const;
  /// The Function of a file: it can be called for the dtypes and shapes that were recorded, and has Parameters of its
  /// own. The value of what has a rule of its own (a custom gradient, checkpoint, gradient hook, straight-through
  /// estimate, or custom op made of ordinary ops) is there, but it cannot be differentiated.
  /// A damaged file is told by its size and checksum; nothing protects from one that was made to do harm. Throws
  /// ValueError for a file that cannot be read, is none of save's, is damaged or of a newer format.
  static Function load(const std::string& path, const Options& options = Options::from_environment());

 private:
  using Inputs = std::span<const detail::CallInput>;

  Function(detail::Recorder recorder, const Options& options, const char* file, std::uint32_t line);
  Array run_one(Inputs inputs) const;
  std::vector<Array> run_all(Inputs inputs) const;
  void run_into(Inputs inputs, std::span<Array> results) const;
  Var record_one(Inputs inputs) const;
  std::vector<Var> record_all(Inputs inputs) const;
  void record_into(Inputs inputs, std::span<Var> results) const;
  void prepare_for(Inputs inputs) const;

  std::shared_ptr<detail::FunctionState> state_;
};

}  // namespace xtape
