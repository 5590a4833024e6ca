#include "plan/faults.hpp"

namespace xtape::detail {

PlannerFaults& planner_faults() {
  static PlannerFaults faults;
  return faults;
}

}  // namespace xtape::detail
