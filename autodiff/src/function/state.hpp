// What stands behind a Function: its recordings, and runs that wait for the next call.
#pragma once

#include <array>
#include <atomic>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include <xtape/function.hpp>

#include "function/run.hpp"

namespace xtape::detail {

struct FunctionState {
  FunctionState(Recorder recorder_of_function, const Options& options_to_run_with, Location constructed)
      : recorder(std::move(recorder_of_function)), options(options_to_run_with), location(constructed) {}
  ~FunctionState();
  FunctionState(const FunctionState&) = delete;
  FunctionState& operator=(const FunctionState&) = delete;

  /// A run for the next call of a thread, alone in its cache line.
  struct alignas(64) Slot {
    std::atomic<Run*> run{nullptr};
  };
  static constexpr std::size_t kSlots = 8;
  std::array<Slot, kSlots> slots;

  const Recorder recorder;  ///< without a function if the Function was loaded
  const Options options;
  const Location location;

  std::mutex mutex;  ///< of all below
  std::size_t capacity = Function::kDefaultCapacity;
  std::list<std::shared_ptr<const Recorded>> recordings;  ///< the most recently used first
  std::vector<std::unique_ptr<Run>> idle;
  std::deque<Parameter> handles;  ///< for parameters()
};

/// The recording for such inputs, made now if there is none. Locks the mutex. Throws as Function::operator() says.
std::shared_ptr<const Recorded> find_recorded(FunctionState& state, std::span<const InputType> types);

/// Holds the mutex. Throws ValueError if this thread is recording the Function right now, which would wait for itself.
std::unique_lock<std::mutex> lock(FunctionState& state);
/// The mutex must be held, for these two as well.
void drop_beyond_capacity(FunctionState& state);
/// The Function's own handle to a Parameter that it reads.
Parameter& handle_of(FunctionState& state, const std::shared_ptr<ParameterState>& parameter);

/// A run for such inputs that nobody else uses while this lives.
class RunLease {
 public:
  RunLease(FunctionState& state, CallInputs inputs);
  ~RunLease();
  RunLease(const RunLease&) = delete;
  RunLease& operator=(const RunLease&) = delete;
  Run& operator*() const { return *run_; }
  Run* operator->() const { return run_; }

 private:
  Run* slow(Run* other, CallInputs inputs);

  FunctionState& state_;
  std::atomic<Run*>& slot_;
  Run* run_;
};

}  // namespace xtape::detail
