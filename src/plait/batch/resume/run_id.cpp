#include "plait/batch/resume/run_id.hpp"

#include "plait/base/random_token.hpp"

namespace plait::batch {

std::string random_run_id() { return random_token(); }

}  // namespace plait::batch
