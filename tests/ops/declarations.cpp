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

bool is_code(const std::string& comment) { return comment.starts_with("     "); }

void append_words(std::string& text, const std::string& words) { text += (text.empty() ? "" : " ") + trimmed(words); }

/// One more line of a comment; code is indented in it.
void append_comment(std::string& text, const std::string& line) {
  append_words(text, is_code(line) ? "`" + trimmed(line) + "`" : line);
}

/// The comment that a header begins with, in paragraphs and blocks of code.
std::string paragraphs(const std::vector<std::string>& lines) {
  std::string text;
  bool code = false;
  for (const std::string& line : lines) {
    if (is_code(line) != code) text += code ? "\n```" : "```cpp";
    code = is_code(line);
    text += (text.empty() ? "" : "\n") + (code ? line.substr(5) : trimmed(line));
  }
  return text + (code ? "\n```" : "");
}

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

/// "power(a, b)" of "inline Var pow(const Operand& a, const Operand& b) { return power(a, b); }".
std::string alias_of(const std::string& declaration) {
  std::smatch match;
  return std::regex_search(declaration, match, std::regex(R"(\{ return ([a-z_0-9]+\(.*\)); \}$)")) ? match[1].str()
                                                                                                   : "";
}

/// Reads one header line by line.
class Reader {
 public:
  explicit Reader(Family& family) : family_(family) {}

  void read(const std::string& line) {
    if (line == "namespace detail {") in_detail_ = true;
    if (in_detail_) return void(in_detail_ = line != "}  // namespace detail");
    if (line.starts_with("// ---- ")) return void(heading_ = line.substr(8));
    if (line.starts_with("// ") && !heading_.empty()) return append_words(heading_, line.substr(2));
    if (in_type_ || std::regex_search(line, kType)) return read_type(line);
    if (line.starts_with("///")) return read_comment(line);
    if (!declaration_.empty() || std::regex_search(line, kStart)) return read_declaration(line);
    if (line.starts_with("requires ") && line.find(" Array") != std::string::npos)
      return read_declaration(line.substr(line.rfind(" Array") + 1));
    if (!line.starts_with("  ") && !line.starts_with("template <")) forget_comment();
  }

 private:
  void read_comment(const std::string& line) {
    append_comment(comment_, line.substr(3));
    comment_lines_ += line + "\n";
  }

  void forget_comment() {
    comment_.clear();
    comment_lines_.clear();
  }

  void read_type(const std::string& line) {
    if (!in_type_ && !family_.types.empty()) family_.types += "\n";
    family_.types += comment_lines_ + line + "\n";
    in_type_ = line.starts_with(" ") || !line.ends_with("};");
    forget_comment();
  }

  void read_declaration(const std::string& line) {
    const std::size_t beside = line.find("///<");
    append_words(declaration_, line.substr(0, beside));
    if (beside != std::string::npos) append_words(comment_, line.substr(beside + 4));
    if (end_of_parameters(declaration_) == std::string::npos) return;
    keep_declaration();
    declaration_.clear();
    forget_comment();
  }

  void keep_declaration() {
    if (declaration_.find("= delete") != std::string::npos) return;
    if (declaration_.find("initializer_list") != std::string::npos && comment_.empty()) return;
    Declaration declaration{"", signature_of(declaration_), comment_, alias_of(declaration_), heading_};
    declaration.name = declaration.signature.substr(0, declaration.signature.find('('));
    family_.declarations.push_back(declaration);
    heading_.clear();
  }

  inline static const std::regex kStart{"^(inline )?(std::(vector|pair|array)<.*>|[A-Z][A-Za-z]*) [a-z_0-9]+\\("};
  inline static const std::regex kType{"^(struct|enum class) [A-Z][A-Za-z]* (: .*)?\\{"};
  Family& family_;
  std::string declaration_, comment_, comment_lines_, heading_;
  bool in_type_ = false, in_detail_ = false;
};

Family read_family(const std::string& name) {
  Family family{name, "", {}, ""};
  const std::vector<std::string> lines = lines_of(kHeaders / name);
  std::size_t at = 0;
  for (; lines[at].starts_with("//"); ++at) {
  }
  std::vector<std::string> purpose(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(at));
  for (std::string& line : purpose) line.erase(0, 2);
  family.purpose = paragraphs(purpose);
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
