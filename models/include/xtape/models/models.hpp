// Everything of models: data in, models, predictions out.
#pragma once

#include <xtape/models/csv.hpp>
#include <xtape/models/fit.hpp>
#include <xtape/models/labels.hpp>
#include <xtape/models/linear_regression.hpp>
#include <xtape/models/logistic_regression.hpp>
#include <xtape/models/mlp_classifier.hpp>
#include <xtape/models/softmax_regression.hpp>
#include <xtape/models/split.hpp>
#include <xtape/models/standardizer.hpp>
