#pragma once

#include "plait/mock/content/internal/answer.hpp"
#include "plait/mock/request_ledger.hpp"

#include <string_view>

namespace plait::mock::internal {

/// Makes the answer to `/stats`, `/stats/ids` or `/stats/ids/<id>` from the ledger.
Answer statistics_answer(std::string_view target, const RequestLedger& ledger);

}  // namespace plait::mock::internal
