// A function taped by ADOL-C.
#pragma once

#include <functional>
#include <vector>

#include <adolc/adolc.h>

namespace bench::with_adolc {

/// `program` takes its inputs to its outputs, whose sum is what is differentiated.
class Function {
 public:
  using Program = std::function<std::vector<adouble>(const std::vector<adouble>&)>;

  Function(const Program& program, const std::vector<double>& inputs) : tag_(next_tag()) {
    trace_on(tag_);
    std::vector<adouble> x(inputs.size());
    for (std::size_t i = 0; i < x.size(); ++i) x[i] <<= inputs[i];
    std::vector<adouble> y = program(x);
    values.resize(y.size());
    for (std::size_t i = 0; i < y.size(); ++i) y[i] >>= values[i];
    trace_off();
    ones_.assign(y.size(), 1);
    gradient.resize(inputs.size());
  }
  /// Sets `values` and `gradient`.
  void operator()(const std::vector<double>& x) {
    const int n = static_cast<int>(x.size()), m = static_cast<int>(values.size());
    zos_forward(tag_, m, n, 1, x.data(), values.data());
    fos_reverse(tag_, m, n, ones_.data(), gradient.data());
  }
  short tag() const { return tag_; }

  std::vector<double> values, gradient;

 private:
  static short next_tag() {
    static short tag = 0;
    return ++tag;
  }
  short tag_;
  std::vector<double> ones_;
};

}  // namespace bench::with_adolc
