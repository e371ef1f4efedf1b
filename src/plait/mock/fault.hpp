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

/// Something that goes wrong with an answer: a status, such as `500`, or one of the faults that have a name.
class Fault {
  public:
    /// Empty for a name that stands for no fault.
    static std::optional<Fault> named(std::string_view name);

    /// The names that there are, in one sentence.
    static std::string names();

    /// Its row in the table of faults. All statuses have one together.
    const internal::FaultRow& row() const noexcept;

    /// Where that row is in the table.
    std::size_t index() const noexcept { return row_; }

    /// The status that goes out instead of the right one; 0: it stays.
    int status() const noexcept { return status_; }

    friend bool operator==(const Fault&, const Fault&) = default;

  private:
    Fault(std::size_t row, int status) noexcept
        : row_(static_cast<std::uint8_t>(row)), status_(static_cast<std::uint16_t>(status)) {}

    std::uint8_t row_;
    std::uint16_t status_;
};

/// What there is to say about a fault.
struct FaultHelp {
    std::string_view name;
    std::string_view help;
};

/// All faults in the order of their table.
std::vector<FaultHelp> fault_help();

}  // namespace plait::mock
