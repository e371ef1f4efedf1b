#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plait::mock {

namespace internal {
struct RefusalRow;
}

/// The answer to a request over a limit: a status such as `503`, or a named refusal.
class Refusal {
  public:
    /// Parses a name, or a name with another status such as `aws@429`. Returns an empty one for an unknown name.
    static std::optional<Refusal> named(std::string_view name);

    /// All names, in one sentence.
    static std::string names();

    /// 429.
    Refusal() noexcept : status_(429) {}

    /// Its row in the table of refusals. All statuses share one.
    const internal::RefusalRow& row() const noexcept;

    int status() const noexcept { return status_; }

    friend bool operator==(const Refusal&, const Refusal&) = default;

  private:
    std::uint8_t row_ = 0;
    std::uint16_t status_;
};

/// The description of a refusal.
struct RefusalHelp {
    std::string_view name;
    std::string_view help;
};

/// All refusals, in the order of their table.
std::vector<RefusalHelp> refusal_help();

}  // namespace plait::mock
