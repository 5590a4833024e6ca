// Switches that break the planner on purpose, so that tests can prove that its checks are needed and that the fuzzer
// sees a wrong value. All off outside such tests.
#pragma once

namespace xtape::detail {

struct PlannerFaults {
  bool ignore_loop_dependencies = false;  ///< fuse readers of a reduction or of a strided value into its own loop
  bool ignore_aliases = false;            ///< give a buffer away one step too early
  bool ignore_readers = false;            ///< write in place though the old value is still to be read
  bool ignore_places = false;             ///< take what a loop reads by places for what it reads at its own
  bool ignore_row_readers = false;        ///< the same, if what reads it are the reductions of rows in its own loop
  bool donate_early = false;              ///< write over a leaf though later steps or instructions read it
  bool donate_shared = false;             ///< write over a Parameter's value though others hold it
  bool ignore_guard = false;              ///< write over it though the guard is false
  bool no_memory_for_helpers = false;     ///< no thread but the caller gets scratch for its chunks
  bool skip_verifier = false;
};

PlannerFaults& planner_faults();

}  // namespace xtape::detail
