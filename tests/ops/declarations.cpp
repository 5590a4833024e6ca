// Reads the catalogue's headers.
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <stdexcept>

#include "ops/page.hpp"

namespace xtape::test {

namespace {

const std::filesystem::path kHeaders = XTAPE_SOURCE_DIR "/autodiff/include/xtape";

std::vector<std::string> lines_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t"), last = text.find_last_not_of(" \t");
  return first == std::string::npos ? "" : text.substr(first, last - first + 1);
}

void append_words(std::string& text, const std::string& words) { text += (text.empty() ? "" : " ") + trimmed(words); }

std::string replaced(const std::string& text, const std::string& pattern, const std::string& by) {
  return std::regex_replace(text, std::regex(pattern), by);
}

/// Behind the parenthesis that closes the parameters; npos if there is none yet.
std::size_t end_of_parameters(const std::string& declaration) {
  int depth = 0;
  for (std::size_t i = 0; i < declaration.size(); ++i) {
    if (declaration[i] == '(') ++depth;
    if (declaration[i] == ')' && --depth == 0) return i + 1;
  }
  return std::string::npos;
}

/// "inline Var clip(const Operand& x, double low);" as "clip(x, double low)".
std::string signature_of(const std::string& declaration) {
  std::string text = replaced(declaration, "^(inline )?[A-Z]\\w*(<[^(]*>)? ", "");
  text = replaced(text, "^(inline )?std::(vector|pair|array)<[^(]*> ", "");
  text = text.substr(0, end_of_parameters(text));
  text = replaced(text, "const char\\* file = __builtin_FILE\\(\\), *std::uint32_t line = __builtin_LINE\\(\\)", "");
  text = replaced(text, ",? *\\)$", ")");
  return replaced(text, "const Operand& |const |std::|&", "");
}

/// Reads one header line by line.
class Reader {
 public:
  explicit Reader(Family& family) : family_(family) {}

  void read(const std::string& line) {
    if (line.starts_with("///")) return append_words(comment_, line.substr(3));
    if (!declaration_.empty() || std::regex_search(line, kStart)) return read_declaration(line);
    if (line.empty() || !line.starts_with("  ")) comment_.clear();
  }

 private:
  void read_declaration(const std::string& line) {
    const std::size_t beside = line.find("///<");
    append_words(declaration_, line.substr(0, beside));
    if (beside != std::string::npos) append_words(comment_, line.substr(beside + 4));
    if (end_of_parameters(declaration_) == std::string::npos) return;
    Declaration declaration{"", signature_of(declaration_), comment_};
    declaration.name = declaration.signature.substr(0, declaration.signature.find('('));
    if (declaration_.find("initializer_list") == std::string::npos || !comment_.empty())
      family_.declarations.push_back(declaration);
    declaration_.clear();
    comment_.clear();
  }

  inline static const std::regex kStart{"^(inline )?(std::(vector|pair|array)<.*>|[A-Z][A-Za-z]*) [a-z_0-9]+\\("};
  Family& family_;
  std::string declaration_, comment_;
};

Family read_family(const std::string& name) {
  Family family{name, "", {}};
  const std::vector<std::string> lines = lines_of(kHeaders / name);
  std::size_t at = 0;
  for (; lines[at].starts_with("//"); ++at) append_words(family.purpose, lines[at].substr(2));
  Reader reader(family);
  for (; at < lines.size(); ++at) reader.read(lines[at]);
  return family;
}

}  // namespace

std::vector<Family> catalogue() {
  std::vector<Family> families;
  const std::regex include("#include <xtape/(ops/.*\\.hpp)>");
  for (const std::string& line : lines_of(kHeaders / "ops.hpp"))
    if (std::smatch match; std::regex_search(line, match, include)) families.push_back(read_family(match[1]));
  return families;
}

}  // namespace xtape::test
