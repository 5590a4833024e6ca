// Predicts with the program that save_model.cpp saved: this one knows neither the network nor its ops.
// `load_model FILE` names the file.
#include <cstdio>
#include <string>

#include <xtape/error.hpp>
#include <xtape/function.hpp>

int main(int argc, char** argv) try {
  const std::string file = argc > 1 ? argv[1] : "circle.xtape";
  const xtape::Function predict = xtape::Function::load(file);

  std::printf("parameters:");
  for (const xtape::Parameter* parameter : predict.parameters()) std::printf(" %s", parameter->name().c_str());
  const double center = predict(xtape::Array{{0, 0}}).item<double>();
  const double far = predict(xtape::Array{{1.5, -1.5}}).item<double>();
  std::printf("\nprobability to be inside the circle: %.3f at (0, 0), %.3f at (1.5, -1.5)\n", center, far);

  const bool right = center > 0.9 && far < 0.1 && predict.parameters().size() == 4;
  std::puts(right ? "as it should be" : "WRONG");
  return right ? 0 : 1;
} catch (const xtape::Error& error) {
  std::printf("%s\n", error.what());
  return 1;
}
