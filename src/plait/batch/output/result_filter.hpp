#pragma once

#include "plait/batch/call/call_end.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace plait::batch {

/// The facts of a result that a filter can test.
class ResultFacts {
  public:
    ResultFacts() noexcept {}

    std::string_view custom_id;
    std::uint64_t line = 0;
    Outcome outcome{};
    /// The status of the answer, if one was received.
    std::optional<double> status_code;
    /// The code of the error, if there is one.
    std::optional<std::string_view> error;
    /// The number of attempts.
    double attempts = 0;
    /// From the first attempt's start to the last one's end; nothing without attempts.
    std::optional<double> total_ms;
};

/// Reads the facts of result lines. For one thread at a time.
class ResultFactsReader {
  public:
    ResultFactsReader();
    ~ResultFactsReader();

    /// Reads a whole result line. The facts are valid until the next call. Throws `Error(bad_input)` if it is not a
    /// result line.
    ResultFacts read(std::string_view text);

  private:
    struct Buffers;
    std::unique_ptr<Buffers> buffers_;
};

/// A condition on results, such as `status_code == 404 and attempts > 2`.
///
/// Fields: `outcome`, `error` and `custom_id`, which are texts in quotes; `status_code`, `attempts`, `total_ms` and
/// `line`, which are numbers. They are compared by `==`, `!=`, `<`, `<=`, `>`, `>=`. Comparisons are combined with
/// `and`, `or`, `not` and parentheses: `not` binds most tightly, and `or` least. A field that a result does not have is
/// not equal to anything, and neither less nor greater.
class ResultFilter {
  public:
    /// Throws `Error(bad_input)`, which says where `text` is wrong and what was expected there.
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
