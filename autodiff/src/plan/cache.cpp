#include "plan/cache.hpp"

#include <atomic>
#include <list>
#include <mutex>
#include <unordered_map>

#include <xtape/engine.hpp>

namespace xtape::detail {

namespace {

constexpr std::size_t kCapacity = 1024;

/// Plans of large programs are few and bulky: what is kept is bounded by key words as well.
constexpr std::size_t kMostWords = std::size_t{16} << 20;

struct HashOfKey {
  std::size_t operator()(const PlanKey* key) const { return key->hash; }
};
struct EqualKeys {
  bool operator()(const PlanKey* a, const PlanKey* b) const { return *a == *b; }
};

class PlanCache {
 public:
  static PlanCache& get() {
    static auto* cache = new PlanCache;  // never destroyed: evaluations may run while statics are
    return *cache;
  }

  std::shared_ptr<const Plan> find(const PlanKey& key) {
    const std::lock_guard lock(mutex_);
    const auto found = by_key_.find(&key);
    if (found == by_key_.end()) {
      ++misses_;
      return nullptr;
    }
    count_hit();
    if (found->second != entries_.begin()) entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->plan;
  }

  std::shared_ptr<const Plan> add(PlanKey& key, Plan plan) {
    auto shared = std::make_shared<const Plan>(std::move(plan));
    const std::lock_guard lock(mutex_);
    const auto found = by_key_.find(&key);
    if (found != by_key_.end()) return found->second->plan;  // another thread was faster
    entries_.push_front({key.take(), shared});
    by_key_.emplace(&entries_.front().key, entries_.begin());
    words_ += key.size;
    while (entries_.size() > kCapacity || (words_ > kMostWords && entries_.size() > 1)) drop_oldest();
    return shared;
  }

  void clear() {
    const std::lock_guard lock(mutex_);
    generation_.fetch_add(1, std::memory_order_relaxed);
    by_key_.clear();
    entries_.clear();
    words_ = 0;
  }

  void count_hit() { hits_.fetch_add(1, std::memory_order_relaxed); }
  std::uint64_t generation() const { return generation_.load(std::memory_order_relaxed); }

  PlanCacheStatistics statistics() {
    const std::lock_guard lock(mutex_);
    return {hits_.load(std::memory_order_relaxed), misses_, entries_.size(), kCapacity};
  }

 private:
  struct Entry {
    PlanKey key;
    std::shared_ptr<const Plan> plan;
  };

  void drop_oldest() {
    words_ -= entries_.back().key.size;
    by_key_.erase(&entries_.back().key);
    entries_.pop_back();
  }

  std::mutex mutex_;
  std::list<Entry> entries_;  ///< most recently used first
  std::unordered_map<const PlanKey*, std::list<Entry>::iterator, HashOfKey, EqualKeys> by_key_;
  std::size_t words_ = 0;
  std::uint64_t misses_ = 0;
  std::atomic<std::uint64_t> hits_{0}, generation_{0};
};

}  // namespace

CachedPlan find_plan(PlanKey& key, const std::function<Plan()>& build) {
  if (auto plan = PlanCache::get().find(key)) return {std::move(plan), true};
  return {PlanCache::get().add(key, build()), false};
}

void clear_plan_cache() { PlanCache::get().clear(); }

std::uint64_t plan_cache_generation() { return PlanCache::get().generation(); }

void count_plan_cache_hit() { PlanCache::get().count_hit(); }

}  // namespace xtape::detail

namespace xtape {

PlanCacheStatistics plan_cache_statistics() { return detail::PlanCache::get().statistics(); }

}  // namespace xtape
