// Activations, elementwise and floating only; names and defaults are those of torch.nn.functional. Constants such as
// `slope` are numbers, or Vars and Arrays that broadcast. relu, sigmoid, tanh, softplus and log_sigmoid are functions.
#pragma once

#include <xtape/operand.hpp>

namespace xtape {

/// x above 0, else slope x; gradient `slope` at 0.
Var leaky_relu(const Operand& x, const Operand& slope = 0.01);
/// x above 0, else alpha (exp(x) - 1); gradient `alpha` at 0 (Clevert et al., 2015).
Var elu(const Operand& x, const Operand& alpha = 1.0);
/// elu with the alpha and the scale that keep mean 0 and variance 1 (Klambauer et al., 2017).
Var selu(const Operand& x);
/// x times the normal distribution function of x, or where `tanh_form` is set
/// x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2 (Hendrycks and Gimpel, 2016). 0 at -inf.
Var gelu(const Operand& x, bool tanh_form = false);
Var silu(const Operand& x);      ///< x sigmoid(x); 0 at -inf
Var mish(const Operand& x);      ///< x tanh(softplus(x)) (Misra, 2019); 0 at -inf
Var softsign(const Operand& x);  ///< x / (1 + |x|)
Var relu6(const Operand& x);     ///< clip(x, 0, 6); gradient 0 at 0 and 6
/// clip(x, min, max); gradient 0 at the bounds.
Var hard_tanh(const Operand& x, const Operand& min = -1.0, const Operand& max = 1.0);
Var hard_sigmoid(const Operand& x);  ///< (clip(x, -3, 3) + 3) / 6; gradient 0 at -3 and 3
/// The first half of x along the axis times sigmoid of the second half (Dauphin et al., 2016); the extent must be even.
Var glu(const Operand& x, int axis = -1);

}  // namespace xtape
