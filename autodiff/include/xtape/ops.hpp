// The catalogue of ops, by family. Names, arguments and broadcasting follow NumPy and the Python array API; floating
// ops take float32 or float64, never mixed. Errors in shape, dtype or axis are thrown when an op is recorded.
#pragma once

#include <xtape/ops/activations.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/creation.hpp>
#include <xtape/ops/functions.hpp>
#include <xtape/ops/linear_algebra.hpp>
#include <xtape/ops/logic.hpp>
#include <xtape/ops/losses.hpp>
#include <xtape/ops/neural.hpp>
#include <xtape/ops/products.hpp>
#include <xtape/ops/random.hpp>
#include <xtape/ops/reductions.hpp>
#include <xtape/ops/scans.hpp>
#include <xtape/ops/shape.hpp>
