// Looking into a program: names and scopes, its dump, a picture, a profile, and where a NaN comes from. Writes
// debugging.dot and debugging_trace.json into the folder for temporary files.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include <xtape/debug.hpp>
#include <xtape/profile.hpp>
#include <xtape/xtape.hpp>

using namespace xtape;

// A layer of a network: what it records belongs to its scope.
Var layer(Tape& tape, const std::string& scope_name, const Var& x, const Parameter& weights) {
  Scope scope(tape, scope_name);
  Var stretched = name(matmul(x, tape.read(weights)), "stretched");
  return sqrt(stretched);
}

int main() {
  Parameter first("first", Array::full({3, 2}, 0.5)), second("second", Array::full({2, 1}, 0.25));
  Tape tape;
  Var x = name(tape.variable(Array{{1, 2, 3}, {4, 5, 6}}), "x");
  Var loss = mean(layer(tape, "second", layer(tape, "first", x, first), second));
  auto [d_first, d_second] = tape.gradient<2>(loss, {first, second});

  std::string dump = tape.dump();
  std::puts(dump.c_str());

  auto folder = std::filesystem::temp_directory_path();
  std::ofstream(folder / "debugging.dot") << dump_graphviz(tape, {loss, d_first, d_second});

  std::string table;
  {
    Array batch = Array::full({10000, 3}, 2.0);
    Profile profile;
    for (int step = 0; step < 10; ++step) {
      tape.reset();
      loss = mean(layer(tape, "second", layer(tape, "first", tape.variable(batch), first), second));
      tape.evaluate({loss, tape.gradient(loss, first), tape.gradient(loss, second)});
    }
    table = to_string(profile);
    profile.write_chrome_trace((folder / "debugging_trace.json").string());
  }
  std::puts(table.c_str());

  // One example more, whose features are 0: the loss is finite, its gradient is not.
  tape.reset();
  detect_anomalies(tape);
  x = name(tape.variable(Array{{1, 2, 3}, {0, 0, 0}}), "x");
  loss = mean(layer(tape, "second", layer(tape, "first", x, first), second));
  std::printf("loss %.4f\n\n", loss.item<double>());
  std::string anomaly;
  try {
    tape.gradient(loss, first).value();
  } catch (const NumericalError& error) {
    anomaly = error.what();
  }
  std::puts(anomaly.c_str());

  bool ok = dump.find("\"stretched\" in second") != std::string::npos && table.find("first") != std::string::npos &&
            anomaly.find("the gradient of sqrt") != std::string::npos;
  return ok ? 0 : 1;
}
