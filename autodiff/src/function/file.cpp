// Functions as files: docs/function_file.md.
#include <bit>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

#include "function/checksum.hpp"
#include "function/encode.hpp"
#include "function/state.hpp"
#include "ops/errors.hpp"

namespace xtape {

namespace {

using detail::fail;

static_assert(std::endian::native == std::endian::little, "program files are little-endian");

/// As in PNG: no text, and damaged where line ends are converted.
constexpr unsigned char kMagic[8] = {0x89, 'X', 'T', 'P', '\r', '\n', 0x1A, '\n'};
constexpr std::uint32_t kVersion = 1;

struct Preamble {
  unsigned char magic[8];
  std::uint32_t version;
  std::uint32_t unused;
  std::uint64_t header_bytes;
  std::uint64_t file_bytes;
};
static_assert(sizeof(Preamble) == 32);

std::size_t padded(std::size_t bytes) {
  return (bytes + detail::kFileAlignment - 1) / detail::kFileAlignment * detail::kFileAlignment;
}

std::size_t bytes_of(const Array& array) { return static_cast<std::size_t>(array.size()) * size_of(array.dtype()); }

std::vector<std::byte> file_of(const detail::Encoded& encoded) {
  const std::size_t begin = padded(sizeof(Preamble) + encoded.header.size());
  std::size_t end = begin;
  for (const Array& array : encoded.arrays) end += padded(bytes_of(array));
  std::vector<std::byte> file(end + sizeof(std::uint64_t));
  Preamble preamble{{}, kVersion, 0, begin - sizeof(Preamble), file.size()};
  std::memcpy(preamble.magic, kMagic, sizeof kMagic);
  std::memcpy(file.data(), &preamble, sizeof preamble);
  std::memset(file.data() + sizeof preamble, ' ', preamble.header_bytes);
  std::memcpy(file.data() + sizeof preamble, encoded.header.data(), encoded.header.size());
  std::byte* next = file.data() + begin;
  for (const Array& array : encoded.arrays) {
    if (bytes_of(array) > 0) std::memcpy(next, array.bytes(), bytes_of(array));
    next += padded(bytes_of(array));
  }
  const std::uint64_t checksum = detail::crc64(std::span(file).first(end));
  std::memcpy(next, &checksum, sizeof checksum);
  return file;
}

/// Beside the file first, so that no half-written one ever has its name.
void write_file(const std::string& path, std::span<const std::byte> bytes) {
  const std::string partial = path + ".part";
  std::ofstream file(partial, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  file.close();
  std::error_code error;
  if (file) std::filesystem::rename(partial, path, error);
  if (file && !error) return;
  std::filesystem::remove(partial, error);
  fail<ValueError>("save", "\"", path, "\" cannot be written");
}

std::vector<std::byte> read_file(const std::string& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  std::ifstream file(path, std::ios::binary);
  if (error || !file) fail<ValueError>("load", "\"", path, "\" cannot be read");
  std::vector<std::byte> bytes(size);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
  if (!file) fail<ValueError>("load", "\"", path, "\" cannot be read");
  return bytes;
}

/// The graphs of a file, which is checked from the outside to the inside.
std::vector<detail::Graph> graphs_of(const std::string& path, std::span<const std::byte> file) {
  Preamble preamble;
  if (file.size() < sizeof preamble || std::memcmp(file.data(), kMagic, sizeof kMagic) != 0)
    fail<ValueError>("load", "\"", path, "\" is no program file");
  std::memcpy(&preamble, file.data(), sizeof preamble);
  if (preamble.version != kVersion)
    fail<ValueError>("load", "\"", path, "\" has format version ", preamble.version, ", this xtape reads ", kVersion);
  std::uint64_t checksum;
  if (preamble.file_bytes != file.size() || file.size() < sizeof preamble + sizeof checksum)
    fail<ValueError>("load", "\"", path, "\" is damaged: it has ", file.size(), " bytes, it should have ",
                     preamble.file_bytes);
  const auto body = file.first(file.size() - sizeof checksum);
  std::memcpy(&checksum, file.data() + body.size(), sizeof checksum);
  if (checksum != detail::crc64(body)) fail<ValueError>("load", "\"", path, "\" is damaged: its checksum is wrong");
  if (preamble.header_bytes > body.size() - sizeof preamble)
    fail<ValueError>("load", "\"", path, "\": the header of ", preamble.header_bytes, " bytes goes beyond the file");
  const auto header = body.subspan(sizeof preamble, preamble.header_bytes);
  try {
    return detail::decode({reinterpret_cast<const char*>(header.data()), header.size()},
                          body.subspan(sizeof preamble + header.size()));
  } catch (const ValueError& error) {
    fail<ValueError>("load", "\"", path, "\": ", error.what());
  }
}

}  // namespace

void Function::save(const std::string& path) const {
  std::vector<std::shared_ptr<const detail::Recorded>> recordings;
  {
    const auto locked = lock(*state_);
    recordings.assign(state_->recordings.begin(), state_->recordings.end());
  }
  if (recordings.empty())
    fail<ValueError>("save", "nothing has been recorded; call the Function first, or `prepare` it");
  std::vector<const detail::Graph*> graphs;
  for (const auto& recorded : recordings) graphs.push_back(&recorded->graph);
  write_file(path, file_of(detail::encode(graphs)));
}

Function Function::load(const std::string& path, const Options& options) {
  Function loaded(detail::Recorder{}, options, "a loaded program", 0);
  for (detail::Graph& graph : graphs_of(path, read_file(path))) {
    try {
      loaded.state_->recordings.push_back(
          std::make_shared<const detail::Recorded>(detail::plan_graph(std::move(graph), options)));
    } catch (const Error& error) {
      fail<ValueError>("load", "\"", path, "\": ", error.what());
    }
  }
  return loaded;
}

}  // namespace xtape
