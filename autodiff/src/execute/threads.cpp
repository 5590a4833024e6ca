#include "execute/threads.hpp"

#include <tbb/global_control.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include <xtape/engine.hpp>
#include <xtape/error.hpp>

namespace xtape::detail {

namespace {

/// Nanoseconds of work that two threads finish sooner than one: where a helper sleeps (25 us to wake it, 8 of them the
/// caller's), and where it still looks for work (1 us).
constexpr double kWorthWaking = 100e3, kWorthSharing = 15e3;
/// oneTBB's helpers look for work for a time before they sleep; seen to be awake after 50 us, and asleep after 100.
constexpr std::chrono::microseconds kAwake{40};

int threads_from_environment() {
  const char* text = std::getenv("XTAPE_THREADS");
  if (text == nullptr || *text == '\0') return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  char* end = nullptr;
  const long value = std::strtol(text, &end, 10);
  if (*end != '\0' || value < 1 || value > 4096)
    throw ValueError(std::string("XTAPE_THREADS: wants a number from 1 to 4096, not \"") + text + "\"");
  return static_cast<int>(value);
}

/// The arena of the present number of threads. Made anew when that changes; runs that use the old one keep it alive.
class Threads {
 public:
  static Threads& get() {
    static auto* threads = new Threads;  // never destroyed: evaluations may run while statics are
    return *threads;
  }
  int count() const { return count_.load(std::memory_order_relaxed); }
  bool awake() const { return Clock::now().time_since_epoch() < awake_until_.load(std::memory_order_relaxed); }
  void worked() { awake_until_.store(Clock::now().time_since_epoch() + kAwake, std::memory_order_relaxed); }
  void set(int count) {
    if (count == this->count()) return;
    const std::lock_guard lock(mutex_);
    count_.store(count, std::memory_order_relaxed);
    awake_until_.store({}, std::memory_order_relaxed);
    arena_.reset();
    more_.reset();
  }
  std::shared_ptr<tbb::task_arena> arena() {
    const std::lock_guard lock(mutex_);
    if (!arena_) {
      if (count() > tbb::info::default_concurrency())  // oneTBB makes no more threads than the machine has unless told
        more_.emplace(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(count()));
      arena_ = std::make_shared<tbb::task_arena>(count());
    }
    return arena_;
  }

 private:
  using Clock = std::chrono::steady_clock;

  std::mutex mutex_;
  std::atomic<int> count_{threads_from_environment()};
  std::atomic<Clock::duration> awake_until_{};
  std::shared_ptr<tbb::task_arena> arena_;
  std::optional<tbb::global_control> more_;
};

}  // namespace

bool worth_threads(double nanoseconds) {
  if (nanoseconds < kWorthSharing || Threads::get().count() == 1) return false;
  return nanoseconds >= kWorthWaking || Threads::get().awake();
}

void parallel_for(std::size_t count, double nanoseconds, const std::function<void(std::size_t)>& work) {
  if (count <= 1 || !worth_threads(nanoseconds)) {
    for (std::size_t i = 0; i < count; ++i) work(i);
    return;
  }
  Threads::get().arena()->execute([&] { tbb::parallel_for(std::size_t{0}, count, work, tbb::simple_partitioner()); });
  Threads::get().worked();
}

}  // namespace xtape::detail

namespace xtape {

void set_num_threads(int threads) {
  if (threads < 1) throw ValueError("set_num_threads: wants at least 1 thread, not " + std::to_string(threads));
  detail::Threads::get().set(threads);
}

int num_threads() { return detail::Threads::get().count(); }

}  // namespace xtape
