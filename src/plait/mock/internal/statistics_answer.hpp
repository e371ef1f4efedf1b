#pragma once

#include "plait/mock/internal/answer.hpp"
#include "plait/mock/request_ledger.hpp"

#include <string_view>

namespace plait::mock::internal {

/// The answer to `/stats`, `/stats/ids` and `/stats/ids/<id>`: what the ledger says.
Answer statistics_answer(std::string_view target, const RequestLedger& ledger);

}  // namespace plait::mock::internal
