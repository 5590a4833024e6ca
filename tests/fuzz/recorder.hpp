// Recording a random program op by op. Values are kept tame by squashing, so that most programs stay finite.
#pragma once

#include <deque>
#include <vector>

#include <xtape/xtape.hpp>

#include "support/tensor.hpp"

namespace xtape::test {

/// A program in the making: what later ops may take.
class Recorder {
 public:
  /// `large` gives leaves of many chunks, so that threads have something to share.
  Recorder(Tape& tape, std::uint64_t seed, bool large = false);

  /// Records ops until the program has its length; calls `ask` for values that the program asks for in the middle.
  template <class Ask>
  void record(const Ask& ask) {
    const std::int64_t length = random_.integer(5, 60);
    for (std::int64_t i = 0; i < length; ++i) {
      step();
      if (random_.chance(0.03L)) ask(values_.back());
    }
  }

  /// Chosen among the values, gradients of some of them included.
  std::vector<Var> outputs();
  /// New values for the Parameters.
  std::vector<Assignment> assignments();
  std::deque<Parameter>& parameters() { return parameters_; }

 private:
  using Step = void (Recorder::*)();

  void step();
  void unary();
  void binary();
  void selection();
  void reduction();
  void normalisation();
  void product();
  void row_block();
  void mini_batch();
  void whole_rows();
  void dense_layer();
  void movement();
  void slicing();
  void joining();
  void taking();
  void differentiation();
  void conversion();

  const Var& any();
  /// A value, not too large.
  Var tame(const Var& x);
  /// A value, new if need be, of a shape that broadcasts with this one.
  Var beside(const Shape& shape);
  /// A value or new leaf of this very shape.
  Var with_shape(const Shape& shape);
  Var leaf(const Shape& shape);
  Var raised(const Var& x, const Var& y);
  Slice tail(std::int64_t extent);
  void keep(const Var& x);
  Shape random_shape();
  std::vector<int> random_axes(std::size_t rank);

  Tape& tape_;
  Random random_;
  DType dtype_;
  std::int64_t largest_;  ///< elements of a value
  std::deque<Parameter> parameters_;
  std::vector<Var> leaves_;
  std::vector<Var> values_;
};

}  // namespace xtape::test
