#include "tape/call_log.hpp"

namespace xtape::detail {

const RecordedCall* CallLog::expected(NodeId begin) {
  for (; size_ < calls_.size() && calls_[size_].begin < begin; ++size_) calls_[size_].key.function = nullptr;
  return size_ < calls_.size() && calls_[size_].begin == begin ? &calls_[size_] : nullptr;
}

void CallLog::add(const RecordedCall& call) {
  if (expected(call.begin) == nullptr) calls_.resize(size_, call);
  if (size_ == calls_.size()) calls_.push_back(call);
  else calls_[size_] = call;
  ++size_;
}

void CallLog::rewind() {
  constexpr std::size_t kMany = std::size_t{1} << 15;
  if (calls_.size() > size_) calls_.resize(size_, RecordedCall{});
  size_ = 0;
  if (calls_.size() > kMany) std::vector<RecordedCall>().swap(calls_);
}

}  // namespace xtape::detail
