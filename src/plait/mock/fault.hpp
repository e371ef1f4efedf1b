#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plait::mock {

namespace internal {
struct FaultRow;
}

/// Something that goes wrong with an answer: a status such as `500`, or a named fault.
class Fault {
  public:
    /// Returns an empty one for a name that is not a fault.
    static std::optional<Fault> named(std::string_view name);

    /// All names, in one sentence.
    static std::string names();

    /// Its row in the table of faults. All statuses share one.
    const internal::FaultRow& row() const noexcept;

    /// The index of that row.
    std::size_t index() const noexcept { return row_; }

    /// The status that replaces the right one; 0: none does.
    int status() const noexcept { return status_; }

    friend bool operator==(const Fault&, const Fault&) = default;

  private:
    Fault(std::size_t row, int status) noexcept
        : row_(static_cast<std::uint8_t>(row)), status_(static_cast<std::uint16_t>(status)) {}

    std::uint8_t row_;
    std::uint16_t status_;
};

/// The description of a fault.
struct FaultHelp {
    std::string_view name;
    std::string_view help;
};

/// All faults, in the order of their table.
std::vector<FaultHelp> fault_help();

}  // namespace plait::mock
