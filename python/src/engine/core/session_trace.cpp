#include "core/session_trace.hpp"

#include "plait/base/clock.hpp"
#include "plait/batch/method/methods.hpp"
#include "plait/batch/method/open_trace.hpp"
#include "plait/batch/run/run_trace.hpp"

#include <string_view>
#include <utility>
#include <vector>

namespace plait::python {

SessionTrace::SessionTrace(const std::string& path, std::size_t concurrency)
    : file_(batch::open_trace(path, false, "session", batch::methods.front(), concurrency, {})) {}

SessionTrace::~SessionTrace() {
    std::vector<std::pair<std::string_view, std::uint64_t>> outcomes;
    for (std::size_t n = 0; n < outcomes_.size(); ++n) {
        if (outcomes_[n] > 0) outcomes.emplace_back(to_string(static_cast<batch::Outcome>(n)), outcomes_[n]);
    }
    file_->close(SteadyClock::instance().now(), outcomes);
}

void SessionTrace::name(batch::Call& call) {
    call.line = ++calls_;
    call.custom_id = "call-" + std::to_string(calls_);
}

void SessionTrace::add(const batch::Call& call, batch::CallEnd& end) {
    ++outcomes_[static_cast<std::size_t>(end.outcome)];
    if (end.span) batch::trace_call(*file_, call, end);
    file_->keep_written(SteadyClock::instance().now());
}

}  // namespace plait::python
