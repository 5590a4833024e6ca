// What must hold between the derivatives of a recorded function, whatever the function is.
#pragma once

#include "check/recorded.hpp"

namespace xtape::detail {

/// Forward mode against reverse mode at the point: the jvp, which is the derivative of the reverse pass with respect to
/// its cotangent, must not depend on the cotangent, and <w, jvp(v)> = <v, vjp(w)>. Throws Refusal otherwise, and what
/// the rules throw if they can't be differentiated.
void check_forward_mode(RecordedFunction& function, double epsilon);
/// u' H v = v' H u for the Hessian at the point. Throws Refusal otherwise.
void check_symmetry(RecordedFunction& function, double epsilon);

}  // namespace xtape::detail
