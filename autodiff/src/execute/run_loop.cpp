// The block interpreter of fused loops.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "execute/block_products.hpp"
#include "execute/memory.hpp"
#include "execute/per_thread.hpp"
#include "execute/row_steps.hpp"
#include "execute/run.hpp"
#include "execute/sink.hpp"
#include "execute/strided.hpp"
#include "execute/threads.hpp"
#include "plan/faults.hpp"
#include "plan/row_loops.hpp"

namespace xtape::detail {

namespace {

/// The last elements of a chunk, where they are no whole vectors, go through buffers of this many elements, so that
/// kernels need no code for tails and nothing beyond a chunk is touched.
constexpr std::size_t kStaged = 64;
constexpr std::size_t kWidest = 8;  ///< bytes of the widest element
constexpr double kNanosecondsPerElement = 0.5;
constexpr double kNanosecondsPerRowElement = 0.15;

/// Loops that need more take it from the pool.
constexpr std::size_t kMostScratch = std::size_t{4} << 20;

/// Memory of a thread for registers and staging, kept between loops.
struct ThreadScratch {
  std::byte* memory = nullptr;
  std::size_t capacity = 0;

  ~ThreadScratch() { std::free(memory); }
  std::byte* take(std::size_t bytes) {
    if (bytes <= capacity) return memory;
    const std::size_t size = (bytes + 4095) / 4096 * 4096;
    auto* larger = static_cast<std::byte*>(std::aligned_alloc(64, size));
    if (larger == nullptr) throw std::bad_alloc();
    std::memset(larger, 0, size);
    std::free(std::exchange(memory, larger));
    capacity = size;
    return memory;
  }
};

std::size_t padded(std::size_t bytes) { return (bytes + 63) / 64 * 64; }

constexpr std::size_t kCopies = 64;  ///< bytes of a scalar's copies, as kernels read it

template <class T>
void copy_scalar(std::byte* to, const std::byte* from) {
  T element;
  std::memcpy(&element, from, sizeof element);
  std::fill_n(reinterpret_cast<T*>(to), kCopies / sizeof element, element);
}

/// What all threads share of one run of a loop.
struct LoopRun {
  const Loop& loop;
  Bases bases;
  std::vector<SinkRun> sinks;
  std::vector<ProductSum> product_sums;
  Striping striping;
  std::vector<std::uint8_t> past_caches;  ///< for each stream; empty if there are none
  std::uint32_t block;
  Workspace scalars;
  Workspace factors;  ///< of products, packed

  std::byte* copies(std::size_t scalar) const { return scalars.data() + scalar * kCopies; }
  /// By narrow stores, which a wide load may have to wait for until all stores before them are in the cache: so this is
  /// done once for a run, and not by each chunk's Worker.
  void copy_scalars() const {
    for (std::size_t i = 0; i < loop.scalars.size(); ++i) {
      const Loop::Scalar& scalar = loop.scalars[i];
      const std::byte* from = bases[scalar.value] + static_cast<std::size_t>(scalar.offset) * scalar.bytes;
      if (scalar.bytes == 8) copy_scalar<std::uint64_t>(copies(i), from);
      else if (scalar.bytes == 4) copy_scalar<std::uint32_t>(copies(i), from);
      else copy_scalar<std::uint8_t>(copies(i), from);
    }
  }

  void pack_factors() const {
    std::byte* to = factors.data();
    for (const Loop::Product& product : loop.products) {
      pack_factor(product, loop.columns, bases, to);
      to += packed_bytes(product, loop.columns);
    }
  }

  /// Whether a block takes nothing but its instructions, one after the other.
  bool only_computes() const {
    return loop.columns == 0 && loop.loads.empty() && loop.sinks.empty() && loop.row_steps.empty() && !multiplies();
  }
  bool multiplies() const { return !loop.products.empty() || !product_sums.empty(); }
  /// A slot's block. Copies along rows end up to a cache line beyond.
  std::size_t register_bytes() const { return padded(block * kWidest) + (loop.columns > 0 ? kSpreadBeyond : 0); }
  /// Elements of a stream that may have to be staged: those of fewer than kPadding rows.
  std::size_t staged() const { return std::max(kStaged, static_cast<std::size_t>(loop.columns) * kPadding); }
};

/// One thread's slots and reductions.
class Worker {
 public:
  Worker(LoopRun& run, std::byte* scratch)
      : run_(run), loop_(run.loop), memory_(scratch), only_computes_(run.only_computes()) {
    slots_ = reinterpret_cast<Slot*>(take(loop_.slots * sizeof(Slot)));
    for (std::uint32_t i = 0; i < loop_.registers; ++i) slots_[i] = {take(run.register_bytes()), 1};
    staging_ = take(loop_.streams.size() * run.staged() * kWidest);
    cursors_ = reinterpret_cast<Cursor*>(take(loop_.streams.size() * sizeof(Cursor)));
    written_ = take(run.past_caches.size() * padded(run.block * kWidest));
    begin_streams();
    for (std::size_t i = 0; i < loop_.scalars.size(); ++i) slots_[loop_.scalars[i].slot] = {run.copies(i), 0};
    sinks_ = reinterpret_cast<SinkState*>(take(loop_.sinks.size() * sizeof(SinkState)));
    for (std::size_t i = 0; i < loop_.sinks.size(); ++i) new (sinks_ + i) SinkState;
    if (run.multiplies()) prepare_products();
    leaves_ = memory_;
    if (loop_.columns > 0) row_space_ = rows_of(loop_.space);
  }

  static std::size_t scratch_bytes(const LoopRun& run) {
    const Loop& loop = run.loop;
    std::size_t sum =
        padded(loop.slots * sizeof(Slot)) + loop.registers * run.register_bytes() +
        padded(loop.streams.size() * run.staged() * kWidest) + padded(loop.streams.size() * sizeof(Cursor)) +
        run.past_caches.size() * padded(run.block * kWidest) + padded(loop.sinks.size() * sizeof(SinkState));
    for (const Loop::Sink& sink : loop.sinks) sum += padded(SinkState::leaf_bytes(sink));
    return sum + product_bytes(run);
  }

  void run_chunk(std::int64_t chunk) {
    chunk_ = chunk;
    for (const ProductSum& sum : run_.product_sums) sum.begin(chunk);
    const ChunkRange range = loop_.chunking[chunk];
    memory_ = leaves_;
    for (std::size_t i = 0; i < loop_.sinks.size(); ++i)
      sinks_[i].begin(run_.sinks[i], chunk, range, take(SinkState::leaf_bytes(loop_.sinks[i])));
    run_range(range);
  }

  void run_stripe(std::int64_t chunk) {
    memory_ = leaves_;
    for (std::size_t i = 0; i < loop_.sinks.size(); ++i)
      sinks_[i].begin_stripe(run_.sinks[i], run_.striping, chunk, run_.bases[loop_.sinks[i].value],
                             take(SinkState::leaf_bytes(loop_.sinks[i])));
    for (std::int64_t row = 0; row < run_.striping.rows(); ++row) run_range(run_.striping.range(chunk, row));
  }

 private:
  static std::size_t product_bytes(const LoopRun& run) {
    if (!run.multiplies()) return 0;
    std::size_t sum = kGemmScratch, largest = 0;
    for (const ProductSum& product : run.product_sums) largest = std::max(largest, product.bytes());
    return sum + padded(largest) + run.register_bytes();
  }

  void prepare_products() {
    std::size_t largest = 0;
    for (const ProductSum& product : run_.product_sums) largest = std::max(largest, product.bytes());
    gemm_scratch_ = take(kGemmScratch);
    block_sums_ = take(largest);
    block_results_ = take(run_.register_bytes());
  }

  std::byte* take(std::size_t bytes) { return std::exchange(memory_, memory_ + padded(bytes)); }

  void run_range(const ChunkRange& range) {
    if (loop_.columns > 0) return run_rows(range);
    std::int64_t begin = range.begin;
    while (begin < range.end) {
      auto n = static_cast<std::size_t>(std::min<std::int64_t>(run_.block, range.end - begin));
      if (n % kPadding == 0) {
        run_whole(begin, n);
      } else if (n <= kStaged) {
        run_staged(begin, n);
      } else {
        n -= n % kPadding;
        run_whole(begin, n);
      }
      begin += static_cast<std::int64_t>(n);
    }
  }

  /// Blocks of whole rows, a multiple of kPadding of them, or the last few.
  void run_rows(const ChunkRange& range) {
    const std::int64_t step = loop_.columns * static_cast<std::int64_t>(kPadding);
    for (std::int64_t begin = range.begin, n; begin < range.end; begin += n) {
      const std::int64_t left = range.end - begin;
      n = left < step ? left : std::min<std::int64_t>(run_.block, left / step * step);
      if (left < step) run_staged(begin, static_cast<std::size_t>(n));
      else run_whole(begin, static_cast<std::size_t>(n));
    }
  }

  /// How many elements a value has in a block of n places.
  std::size_t count(bool per_row, std::size_t n) const {
    return per_row ? n / static_cast<std::size_t>(loop_.columns) : n;
  }

  std::byte* stream_at(const Loop::Stream& stream, std::int64_t begin) const {
    const std::int64_t first = stream.per_row ? begin / loop_.columns : begin;
    return run_.bases[stream.value] + static_cast<std::size_t>(stream.offset + first) * stream.bytes;
  }

  /// A stream through memory, as whole blocks want it.
  struct Cursor {
    std::byte* base;
    std::ptrdiff_t bytes;  ///< of an element
    Slot* slot;
    bool per_row;
  };

  /// Streams past the caches are computed in a block that stays where it is; their cursors come last.
  void begin_streams() {
    Cursor *next = cursors_, *last = cursors_ + loop_.streams.size();
    for (std::size_t i = 0; i < loop_.streams.size(); ++i) {
      const Loop::Stream& stream = loop_.streams[i];
      const bool past_caches = !run_.past_caches.empty() && run_.past_caches[i];
      const Cursor cursor{stream_at(stream, 0), static_cast<std::ptrdiff_t>(stream.bytes), slots_ + stream.slot,
                          stream.per_row};
      *cursor.slot = {past_caches ? written_ + i * padded(run_.block * kWidest) : cursor.base, 1};
      *(past_caches ? --last : next++) = cursor;
    }
    past_caches_ = last;
  }

  void run_whole(std::int64_t begin, std::size_t n) {
    const std::int64_t row = loop_.columns > 0 ? begin / loop_.columns : begin;
    for (Cursor* cursor = cursors_; cursor != past_caches_; ++cursor)
      cursor->slot->data = cursor->base + (cursor->per_row ? row : begin) * cursor->bytes;
    run_block(begin, n);
    for (Cursor *cursor = past_caches_, *end = cursors_ + loop_.streams.size(); cursor != end; ++cursor)
      loop_.past_caches->copy(cursor->base + begin * cursor->bytes, cursor->slot->data,
                              n * static_cast<std::size_t>(cursor->bytes));
  }

  void run_staged(std::int64_t begin, std::size_t n) {
    std::byte* stage = staging_;
    for (const Loop::Stream& stream : loop_.streams) {
      if (!stream.written) std::memcpy(stage, stream_at(stream, begin), count(stream.per_row, n) * stream.bytes);
      slots_[stream.slot].data = stage;
      stage += run_.staged() * kWidest;
    }
    run_block(begin, n);
    for (const Loop::Stream& stream : loop_.streams)
      if (stream.written)
        std::memcpy(stream_at(stream, begin), slots_[stream.slot].data, count(stream.per_row, n) * stream.bytes);
    if (past_caches_ != cursors_ + loop_.streams.size()) begin_streams();
  }

  void run_block(std::int64_t begin, std::size_t n) {
    if (!only_computes_) return run_mixed_block(begin, n);
    for (const Instruction& instruction : loop_.code) instruction.kernel(instruction, slots_, n);
  }

  void run_mixed_block(std::int64_t begin, std::size_t n) {
    const Instruction* code = loop_.code.data();
    const Slot* slots = slots_;
    const auto end = static_cast<std::uint32_t>(loop_.code.size());
    const auto *load = loop_.loads.data(), *last_load = load + loop_.loads.size();
    const auto *product = loop_.products.data(), *last_product = product + loop_.products.size();
    const auto *sum = loop_.product_sums.data(), *last_sum = sum + loop_.product_sums.size();
    const auto *row_step = loop_.row_steps.data(), *last_row_step = row_step + loop_.row_steps.size();
    const auto *sink = loop_.sinks.data(), *last_sink = sink + loop_.sinks.size();
    const std::size_t rows = count(loop_.columns > 0, n);
    for (std::uint32_t next = 0; true;) {
      for (; load != last_load && load->before == next; ++load) run_load(*load, begin, n);
      for (; product != last_product && product->before == next; ++product) run_product(*product, begin, n);
      for (; row_step != last_row_step && row_step->before == next; ++row_step)
        run_row_step(*row_step, slots_, loop_.columns, n);
      for (; sink != last_sink && sink->before == next; ++sink)
        run_sink(static_cast<std::size_t>(sink - loop_.sinks.data()), begin, n);
      for (; sum != last_sum && sum->before == next; ++sum)
        run_.product_sums[static_cast<std::size_t>(sum - loop_.product_sums.data())].add(
            chunk_, block_rows(*sum, begin, n), slots_[sum->slot].data, block_sums_, gemm_scratch_);
      if (next == end) return;
      std::uint32_t stop = end;
      if (load != last_load) stop = std::min(stop, load->before);
      if (product != last_product) stop = std::min(stop, product->before);
      if (sum != last_sum) stop = std::min(stop, sum->before);
      if (row_step != last_row_step) stop = std::min(stop, row_step->before);
      if (sink != last_sink) stop = std::min(stop, sink->before);
      for (; next < stop; ++next) code[next].kernel(code[next], slots, loop_.computes[next].per_row ? rows : n);
    }
  }

  void run_sink(std::size_t index, std::int64_t begin, std::size_t n) {
    const Loop::Sink& sink = loop_.sinks[index];
    const std::byte* x = slots_[sink.slot].data;
    if (sink.rows == nullptr) sinks_[index].feed(run_.sinks[index], x, n);
    else sinks_[index].feed(run_.sinks[index], rows_read(sink.matrix, sink.dtype, run_.bases, begin), x, n);
  }

  BlockRows block_rows(const Loop::Product& product, std::int64_t begin, std::size_t n) const {
    const std::int64_t row = begin / loop_.columns;
    return {rows_read(product.matrix, product.dtype, run_.bases, row).data,
            static_cast<std::int64_t>(n) / loop_.columns};
  }

  void run_product(const Loop::Product& product, std::int64_t begin, std::size_t n) {
    const std::byte* packed = run_.factors.data();
    for (const Loop::Product* other = loop_.products.data(); other != &product; ++other)
      packed += packed_bytes(*other, loop_.columns);
    // Streams have no room after a block.
    const bool aside = product.slot >= loop_.registers && writes_beyond(product, loop_.columns);
    std::byte* result = aside ? block_results_ : slots_[product.slot].data;
    multiply_rows(product, loop_.columns, block_rows(product, begin, n), packed, result, gemm_scratch_);
    if (aside) std::memcpy(slots_[product.slot].data, result, n * size_of(product.dtype));
  }

  void run_load(const Loop::Load& load, std::int64_t begin, std::size_t n) {
    std::byte* to = slots_[load.slot].data;
    if (load.matrix.value != kNoNode) return load_rows(to, load, run_.bases, begin, n);
    load_strided(to, run_.bases[load.access.base], size_of(load.dtype), load.access.view,
                 load.per_row ? row_space_ : loop_.space, load.per_row ? begin / loop_.columns : begin,
                 count(load.per_row, n));
  }

  LoopRun& run_;
  const Loop& loop_;
  std::byte* memory_;  ///< the rest of the thread's scratch
  const bool only_computes_;
  Slot* slots_;
  std::byte* staging_;
  std::byte* written_;   ///< blocks on their way past the caches
  Cursor* cursors_;      ///< one for each stream
  Cursor* past_caches_;  ///< the first of those past the caches
  SinkState* sinks_;
  std::byte* leaves_;
  Shape row_space_;  ///< of loads of values of rows
  std::int64_t chunk_ = 0;
  std::byte *gemm_scratch_ = nullptr, *block_sums_ = nullptr, *block_results_ = nullptr;  ///< of products
};

double nanoseconds(const Loop& loop) {
  double row_elements = 0;
  for (const Loop::Load& load : loop.loads) row_elements += static_cast<double>(load.matrix.columns);
  for (const Loop::Sink& sink : loop.sinks) row_elements += static_cast<double>(sink.matrix.columns);
  for (const auto* products : {&loop.products, &loop.product_sums})
    for (const Loop::Product& product : *products)
      row_elements += static_cast<double>(product.matrix.columns) / static_cast<double>(loop.columns) * 4;
  const double place =
      kNanosecondsPerElement * static_cast<double>(1 + loop.code.size()) + kNanosecondsPerRowElement * row_elements;
  return static_cast<double>(loop.space.size()) * place;
}

/// Streams past the caches, but for those written over what the loop reads, whose lines are in the caches anyway.
std::vector<std::uint8_t> past_caches(const Loop& loop, Bases bases) {
  if (loop.past_caches == nullptr) return {};
  std::vector<std::uint8_t> result;
  for (const Loop::Stream& stream : loop.streams) {
    const bool in_place = std::ranges::any_of(loop.streams, [&](const Loop::Stream& other) {
      return !other.written && bases[other.value] == bases[stream.value];
    });
    result.push_back(stream.past_caches && !in_place);
  }
  if (std::ranges::count(result, 1) == 0) result.clear();
  return result;
}

/// All in place, large values go through memory in turns still: Adam on 1e7 float32 takes 5.0 ms with 512 bytes of each
/// stream, 6.1 ms with 768 or 1024; in float64 9.8 ms with 512, 10.8 ms with 1024.
std::uint32_t block_of(const Loop& loop, bool past_caches) {
  constexpr std::size_t kInPlace = 512;
  if (loop.past_caches == nullptr || past_caches || loop.columns > 0) return loop.block;
  std::size_t widest = 1;
  for (const Loop::Stream& stream : loop.streams) widest = std::max(widest, std::size_t{stream.bytes});
  return std::min(loop.block, static_cast<std::uint32_t>(kInPlace / widest));
}

LoopRun loop_run(const Loop& loop, Bases bases) {
  const Striping striping(loop.sinks.empty() ? ReductionShape{} : loop.sinks[0].shape);
  std::size_t factor_bytes = 0;
  for (const Loop::Product& product : loop.products) factor_bytes += packed_bytes(product, loop.columns);
  LoopRun run{loop,
              bases,
              {},
              {},
              striping,
              past_caches(loop, bases),
              0,
              Workspace(loop.scalars.size() * kCopies),
              Workspace(factor_bytes)};
  run.block = block_of(loop, !run.past_caches.empty());
  run.sinks.reserve(loop.sinks.size());
  for (const Loop::Sink& sink : loop.sinks) run.sinks.emplace_back(sink, bases[sink.value], loop.chunking.count());
  run.product_sums.reserve(loop.product_sums.size());
  for (const Loop::Product& sum : loop.product_sums)
    run.product_sums.emplace_back(sum, loop.columns, bases[sum.value], loop.chunking.count());
  return run;
}

}  // namespace

/// Helpers that do not get what they need leave their chunks to the caller, who has it already.
class PreparedLoop::State {
 public:
  State(const Loop& loop, Bases bases) : run_(loop_run(loop, bases)), scratch_bytes_(Worker::scratch_bytes(run_)) {
    if (is_large()) large_.emplace(scratch_bytes_);
    else per_thread<ThreadScratch>().take(scratch_bytes_);
    if (chunks() > 1) done_.resize(chunks());
  }

  void run() noexcept {
    if (run_.loop.space.size() == 0) {
      for (SinkRun& sink : run_.sinks) sink.clear();
      return;
    }
    run_.copy_scalars();
    run_.pack_factors();
    share_out();
    for (std::size_t chunk = 0; chunk < chunks(); ++chunk)
      if (done_.empty() || !done_[chunk])
        run_chunk(chunk, large_ ? large_->data() : per_thread<ThreadScratch>().take(scratch_bytes_));
    for (SinkRun& sink : run_.sinks) sink.finish();
    for (ProductSum& sum : run_.product_sums) sum.finish();
  }

 private:
  bool is_large() const { return scratch_bytes_ > kMostScratch; }
  bool striped() const { return !run_.sinks.empty() && run_.sinks[0].shape().striped(); }
  std::size_t chunks() const {
    return static_cast<std::size_t>(striped() ? run_.striping.count() : run_.loop.chunking.count());
  }

  void share_out() noexcept {
    if (done_.empty()) return;
    try {
      parallel_for(done_.size(), nanoseconds(run_.loop), [this](std::size_t chunk) { run_with_own_scratch(chunk); });
    } catch (...) {  // there are no more threads to be had, or no memory for them
    }
  }

  void run_with_own_scratch(std::size_t chunk) noexcept {
    try {
      if (planner_faults().no_memory_for_helpers) throw std::bad_alloc();
      const Workspace large(is_large() ? scratch_bytes_ : 0);
      run_chunk(chunk, is_large() ? large.data() : per_thread<ThreadScratch>().take(scratch_bytes_));
      done_[chunk] = 1;
    } catch (const std::bad_alloc&) {
    }
  }

  void run_chunk(std::size_t chunk, std::byte* scratch) noexcept {
    Worker worker(run_, scratch);
    if (striped()) worker.run_stripe(static_cast<std::int64_t>(chunk));
    else worker.run_chunk(static_cast<std::int64_t>(chunk));
    if (!run_.past_caches.empty()) run_.loop.past_caches->finish();
  }

  LoopRun run_;
  std::size_t scratch_bytes_;
  std::optional<Workspace> large_;
  std::vector<std::uint8_t> done_;
};

PreparedLoop::PreparedLoop(const Loop& loop, Bases bases) : state_(std::make_unique<State>(loop, bases)) {}
PreparedLoop::PreparedLoop(PreparedLoop&&) noexcept = default;
PreparedLoop::~PreparedLoop() = default;
void PreparedLoop::run() noexcept { state_->run(); }

void run_loop(const Loop& loop, Bases bases) { PreparedLoop::State(loop, bases).run(); }

}  // namespace xtape::detail
