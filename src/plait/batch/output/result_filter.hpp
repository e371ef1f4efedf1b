#pragma once

#include "plait/batch/call/call_end.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace plait::batch {

/// What a filter can ask of a result.
class ResultFacts {
  public:
    ResultFacts() noexcept {}

    std::string_view custom_id;
    std::uint64_t line = 0;
    Outcome outcome{};
    /// Of the answer, if one came.
    std::optional<double> status_code;
    /// The code of the error, if there is one.
    std::optional<std::string_view> error;
    /// How many.
    double attempts = 0;
    /// From the first attempt's start to the last one's end; none without attempts.
    std::optional<double> total_ms;
};

/// Reads the facts of result lines. Not for two threads at once.
class ResultFactsReader {
  public:
    ResultFactsReader();
    ~ResultFactsReader();

    /// Of a whole result line; valid until the next call. Throws `Error(bad_input)` when it is none.
    ResultFacts read(std::string_view text);

  private:
    struct Buffers;
    std::unique_ptr<Buffers> buffers_;
};

/// A condition on results, such as `status_code == 404 and attempts > 2`.
///
/// Fields: `outcome`, `error` and `custom_id`, which are texts in quotes; `status_code`, `attempts`, `total_ms` and
/// `line`, which are numbers. Compared by `==`, `!=`, `<`, `<=`, `>`, `>=`; joined by `and`, `or`, `not` and
/// parentheses, of which `not` binds most and `or` least. A field that a result does not have is not equal to
/// anything, and neither less nor greater.
class ResultFilter {
  public:
    /// Throws `Error(bad_input)` that says where `text` is wrong, and what could stand there.
    explicit ResultFilter(std::string_view text);
    ResultFilter(ResultFilter&&) noexcept;
    ~ResultFilter();

    bool matches(const ResultFacts& facts) const;

  private:
    class Condition;
    class Comparison;
    class Both;
    class Either;
    class Not;
    class Parser;

    std::unique_ptr<Condition> condition_;
};

}  // namespace plait::batch
