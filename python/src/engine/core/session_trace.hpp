#pragma once

#include "plait/batch/call/call.hpp"
#include "plait/batch/call/call_end.hpp"
#include "plait/trace/trace_file.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace plait::python {

/// The trace of a session: a span for each of its calls, as `plait report` reads them. Outlives the session's loop.
class SessionTrace {
  public:
    /// Creates the file. Throws `Error(bad_input)` if there is one, and `Error(storage)` if it can't be made.
    SessionTrace(const std::string& path, std::size_t concurrency);
    SessionTrace(const SessionTrace&) = delete;
    SessionTrace& operator=(const SessionTrace&) = delete;
    /// Writes the last record.
    ~SessionTrace();

    trace::SpanRecorder& recorder() noexcept { return file_->recorder(); }

    /// Gives a call its number and its name in the trace.
    void name(batch::Call& call);
    /// Adds the span of a call that has ended.
    void add(const batch::Call& call, batch::CallEnd& end);

  private:
    std::unique_ptr<trace::TraceFile> file_;
    std::uint64_t calls_ = 0;
    std::array<std::uint64_t, batch::outcome_count> outcomes_{};
};

}  // namespace plait::python
