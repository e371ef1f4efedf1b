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

/// What a server says when it refuses a request because of a limit: a status, such as `503`, or one of the refusals
/// that have a name.
class Refusal {
  public:
    /// Of a name, or a name and another status such as `aws@429`. Empty for a name that stands for no refusal.
    static std::optional<Refusal> named(std::string_view name);

    /// The names that there are, in one sentence.
    static std::string names();

    /// 429.
    Refusal() noexcept : status_(429) {}

    /// Its row in the table of refusals. All statuses have one together.
    const internal::RefusalRow& row() const noexcept;

    int status() const noexcept { return status_; }

    friend bool operator==(const Refusal&, const Refusal&) = default;

  private:
    std::uint8_t row_ = 0;
    std::uint16_t status_;
};

/// What there is to say about a refusal.
struct RefusalHelp {
    std::string_view name;
    std::string_view help;
};

/// All refusals in the order of their table.
std::vector<RefusalHelp> refusal_help();

}  // namespace plait::mock
