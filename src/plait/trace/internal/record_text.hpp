#pragma once

#include "plait/base/clock.hpp"
#include "plait/trace/span_recorder.hpp"

#include <cstdint>
#include <string>
#include <string_view>

// The records of a trace file (docs/formats.md), without what stands between them.
namespace plait::trace::internal {

/// The start of the trace: its times are counted from there.
class RecordText {
  public:
    explicit RecordText(TimePoint start) : start_(start) {}

    /// Appends a metadata record of a lane, or of the whole trace. Its arguments are the JSON object `args`.
    static void append_metadata(std::string& out, std::string_view name, std::uint64_t tid, std::string_view args);

    /// What a record says about a call.
    struct Call {
        std::string_view name;
        std::uint64_t line = 0;
        std::string_view result;
        bool ok = true;
        unsigned attempt = 1;
        std::string_view connections;
    };
    void append_call(std::string& out, std::uint64_t tid, const Call& call, const SpanStates& states) const;

    /// Appends a record for each state that lasts a microsecond or longer.
    void append_phases(std::string& out, std::uint64_t tid, const SpanStates& states, std::string_view separator) const;

    void append_loop_run(std::string& out, LaneId lane, TimePoint begin, TimePoint end) const;
    void append_loop_counts(std::string& out, LaneId lane, TimePoint when, std::size_t ready,
                            std::size_t waiting) const;
    void append_thinned(std::string& out, TimePoint when, std::uint64_t one_in) const;

  private:
    /// Times are cut to tenths of a microsecond, and lengths are differences of such times: so they add up.
    std::int64_t tenths(TimePoint when) const noexcept { return (when - start_) / tenth_of_microsecond; }
    void append_slice(std::string& out, std::string_view category, std::string_view name, std::uint64_t tid,
                      std::int64_t begin, std::int64_t end) const;

    static constexpr Duration tenth_of_microsecond{100};

    TimePoint start_;
};

}  // namespace plait::trace::internal
