#pragma once

#include "plait/base/clock.hpp"
#include "plait/base/unique_fd.hpp"
#include "plait/batch/call/group_limit_logs.hpp"
#include "plait/policy/pace/limit_log.hpp"
#include "plait/policy/pace/sliding_window.hpp"

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace plait::batch {

/// Records what is sent under the given limits of each group, so that a run keeps to them even if it is resumed after
/// its process was killed.
///
/// While a process runs, the record is a file to which each send is appended first; the file survives a killed process.
/// Between runs it is a text (docs/formats.md). Its times are dates. A date in the future counts as now, so a clock
/// that was set back costs at most one window. Belongs to one loop.
class LimitFile final : public GroupLimitLogs {
  public:
    /// Creates the file with the content of an existing one, if that is of this run, or else with `kept`, the last
    /// result of `to_keep`. `calendar` must outlive this object. Throws `Error(storage)`.
    LimitFile(std::string path, std::string_view run_id, std::string_view kept, const WallClock& calendar);
    LimitFile(const LimitFile&) = delete;
    LimitFile& operator=(const LimitFile&) = delete;

    /// Returns the log of a group. This object must outlive it. The log throws `Error(storage)` if it can't write.
    std::unique_ptr<policy::LimitLog> of_group(std::string_view group) override;

    /// Returns what still counts. Once that is stored elsewhere, and nothing more is sent, the file can be removed.
    std::string to_keep() const;

    /// From this size on, the file is compacted whenever it has doubled.
    static constexpr std::uint64_t large = std::uint64_t{1} << 20;

  private:
    class GroupLog;
    using Moment = policy::SlidingWindow::Moment;

    /// One limit of one group, whatever its amount.
    struct Limit {
        std::string group;
        std::string unit;
        std::int64_t window_s;

        friend auto operator<=>(const Limit&, const Limit&) = default;
    };
    /// What was sent in one moment.
    struct SentInMoment {
        std::int64_t last_us;  ///< when the last of it was sent, since 1970
        double amount;
    };
    using Remembered = std::map<Limit, std::map<Moment, SentInMoment>>;

    static void append(std::string& out, const Limit& limit, Moment moment, const SentInMoment& sent);
    std::optional<std::string> content() const;
    Remembered still_counted(std::string_view lines) const;
    static std::string lines_of(const Remembered& remembered);
    std::int64_t now_us() const;
    void replace(std::string_view lines);
    void write(std::string_view lines);

    std::string path_;
    std::string head_;
    const WallClock& calendar_;
    Remembered before_;  ///< what was sent before this process began
    UniqueFd file_;
    std::uint64_t size_ = 0;
    std::uint64_t rewrite_at_ = 0;
};

}  // namespace plait::batch
