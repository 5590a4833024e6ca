// One helper thread for the hand-written limits on two threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>

namespace bench::hand {

/// Calls body(chunk) for each chunk below count, on one or two threads, handed out dynamically.
class Helper {
 public:
  static Helper& instance() {
    static Helper helper;
    return helper;
  }
  template <class Body>
  void for_chunks(std::int64_t count, int threads, Body&& body) {
    if (threads < 2 || count < 2) {
      for (std::int64_t i = 0; i < count; ++i) body(i);
      return;
    }
    next_ = 0;
    std::function<void()> work = [&] {
      for (std::int64_t i; (i = next_.fetch_add(1)) < count;) body(i);
    };
    work_ = &work;
    round_.fetch_add(1);
    round_.notify_one();
    work();
    while (done_.load() != round_.load()) std::this_thread::yield();
  }

 private:
  Helper() : thread_([this](std::stop_token stop) { serve(stop); }) {}
  ~Helper() {
    thread_.request_stop();
    round_.fetch_add(1);
    round_.notify_one();
  }
  void serve(std::stop_token stop) {
    for (std::uint64_t seen = 0;; done_ = ++seen) {
      round_.wait(seen);
      if (stop.stop_requested()) return;
      (*work_)();
    }
  }

  std::atomic<std::int64_t> next_{0};
  std::atomic<std::uint64_t> round_{0}, done_{0};
  std::function<void()>* work_ = nullptr;
  std::jthread thread_;
};

}  // namespace bench::hand
