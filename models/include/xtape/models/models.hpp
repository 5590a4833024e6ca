// Everything of models: data in, models, predictions out.
#pragma once

#include <xtape/models/csv.hpp>
#include <xtape/models/logistic_regression.hpp>
#include <xtape/models/split.hpp>
#include <xtape/models/standardizer.hpp>
