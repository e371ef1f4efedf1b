#pragma once

#include "plait/http/send_outcome.hpp"

#include <string>

namespace plait::batch {

/// Why an attempt has no answer.
using Failure = http::SendFailure;

/// What came of an attempt: a whole answer, or a failure.
using Attempt = http::SendOutcome;

/// The failure of an attempt that was in flight when its run was interrupted.
Failure given_up();

/// Returns the status code of an attempt's answer, or the code of its error, as files spell it.
std::string result_of(const Attempt& attempt);

}  // namespace plait::batch
