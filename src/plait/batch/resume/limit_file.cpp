#include "plait/batch/resume/limit_file.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/base/error.hpp"
#include "plait/json/object_writer.hpp"
#include "plait/json/value.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <simdjson.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

namespace plait::batch {

namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::seconds;

[[noreturn]] void fail(std::string_view what, const std::string& path) {
    throw Error(ErrorCode::storage, fmt::format("{} {}: {}", what, path, system_message(errno)));
}

std::int64_t window_in_seconds(const policy::RateLimit& limit) { return duration_cast<seconds>(limit.window).count(); }

/// Removes the first line from `text`, and returns it without its line break; nothing if there is no line break.
std::optional<std::string_view> take_line(std::string_view& text) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    return line;
}

}  // namespace

/// The log of one group. A limit is identified by its group, unit and window, because its amount may differ in the next
/// run.
class LimitFile::GroupLog final : public policy::LimitLog {
  public:
    GroupLog(LimitFile& file, std::string_view group) : file_(file), group_(group) {}

    std::vector<policy::SlidingWindow::Sent> before(const policy::RateLimit& limit) override;
    void sent(const policy::RateLimit& limit, Moment moment, const policy::SlidingWindow::Sent& sent) override;

  private:
    Limit key_of(const policy::RateLimit& limit) const { return Limit{group_, limit.unit, window_in_seconds(limit)}; }
    void take_over_from_longest(const Limit& key);

    LimitFile& file_;
    std::string group_;
};

std::vector<policy::SlidingWindow::Sent> LimitFile::GroupLog::before(const policy::RateLimit& limit) {
    const Limit key = key_of(limit);
    if (!file_.before_.contains(key)) take_over_from_longest(key);
    std::vector<policy::SlidingWindow::Sent> all;
    TimePoint latest = TimePoint::min();
    for (const auto& [moment, sent] : file_.before_[key]) {
        const microseconds ago(std::max<std::int64_t>(file_.now_us() - sent.last_us, 0));
        latest = std::max(latest, now() - ago);  // keeps the times in order even if the clock was set back
        all.push_back({latest, sent.amount});
    }
    return all;
}

/// If the window of a limit has changed, takes over what was sent under the longest window of its unit.
void LimitFile::GroupLog::take_over_from_longest(const Limit& key) {
    const std::map<Moment, SentInMoment>* longest = nullptr;
    for (const auto& [known, sent] : file_.before_) {
        if (known.group == key.group && known.unit == key.unit) longest = &sent;  // windows are sorted
    }
    if (!longest) return;
    std::string lines;
    for (const auto& [moment, sent] : *longest) append(lines, key, moment, sent);
    file_.write(lines);
    file_.before_[key] = *longest;
}

void LimitFile::GroupLog::sent(const policy::RateLimit& limit, Moment moment, const policy::SlidingWindow::Sent& sent) {
    const std::int64_t last_us = file_.now_us() - duration_cast<microseconds>(now() - sent.last).count();
    std::string line;
    append(line, key_of(limit), moment, SentInMoment{last_us, sent.amount});
    file_.write(line);
}

LimitFile::LimitFile(std::string path, std::string_view run_id, std::string_view kept, const WallClock& calendar)
    : path_(std::move(path)), calendar_(calendar) {
    head_ = json::ObjectWriter().count("plait_limits", 1).text("run_id", run_id).end() + "\n";
    const std::optional<std::string> found = content();
    // Each process numbers the moments of a window from 0.
    for (const auto& [limit, moments] : still_counted(found ? *found : kept)) {
        std::map<Moment, SentInMoment>& renumbered = before_[limit];
        for (const auto& [moment, sent] : moments) renumbered.emplace(renumbered.size(), sent);
    }
    replace(lines_of(before_));
}

std::unique_ptr<policy::LimitLog> LimitFile::of_group(std::string_view group) {
    return std::make_unique<GroupLog>(*this, group);
}

std::string LimitFile::to_keep() const { return lines_of(still_counted(content().value_or(""))); }

/// Reads the lines whose windows are not past. The last line of a moment counts. An invalid line was cut when the
/// process was killed, before anything was sent.
LimitFile::Remembered LimitFile::still_counted(std::string_view lines) const {
    const std::int64_t present_us = now_us();
    Remembered remembered;
    simdjson::ondemand::parser parser;
    json::PaddedText padded;
    while (const auto line = take_line(lines)) {
        simdjson::ondemand::document document;
        std::string_view group, unit;
        std::int64_t window_s = 0;
        Moment moment = 0;
        SentInMoment sent{};
        if (parser.iterate(padded.assign({*line})).get(document) || document["group"].get_string().get(group) ||
            document["unit"].get_string().get(unit) || document["window_s"].get_int64().get(window_s) ||
            document["moment"].get_uint64().get(moment) || document["last_us"].get_int64().get(sent.last_us) ||
            document["amount"].get_double().get(sent.amount)) {
            continue;
        }
        // Lines count for a little longer than their window.
        if (present_us - sent.last_us < window_s * 1'100'000)
            remembered[Limit{std::string(group), std::string(unit), window_s}][moment] = sent;
    }
    return remembered;
}

void LimitFile::append(std::string& out, const Limit& limit, Moment moment, const SentInMoment& sent) {
    out += json::ObjectWriter()
               .text("group", limit.group)
               .text("unit", limit.unit)
               .count("window_s", static_cast<std::uint64_t>(limit.window_s))
               .count("moment", moment)
               .json("last_us", fmt::to_string(sent.last_us))
               .number("amount", sent.amount)
               .end();
    out += '\n';
}

/// Returns the lines of the file after the first; nothing if there is no file of this run.
std::optional<std::string> LimitFile::content() const {
    std::ifstream file(path_, std::ios::binary);
    if (!file) return std::nullopt;
    std::string text{std::istreambuf_iterator<char>(file), {}};
    if (file.bad()) fail("read", path_);
    if (!text.starts_with(head_)) return std::nullopt;
    return text.substr(head_.size());
}

std::string LimitFile::lines_of(const Remembered& remembered) {
    std::string lines;
    for (const auto& [limit, moments] : remembered) {
        for (const auto& [moment, sent] : moments) append(lines, limit, moment, sent);
    }
    return lines;
}

std::int64_t LimitFile::now_us() const {
    return duration_cast<microseconds>(calendar_.now().time_since_epoch()).count();
}

/// Replaces the file atomically: a process that is killed meanwhile leaves the old file or the new one.
void LimitFile::replace(std::string_view lines) {
    const std::string fresh = path_ + "-new";
    file_ = UniqueFd(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (!file_) fail("create", fresh);
    size_ = 0;
    rewrite_at_ = ~std::uint64_t{0};
    write(head_);
    write(lines);
    rewrite_at_ = std::max(large, 2 * size_);
    // Sync first, so that a power cut leaves no empty file.
    if (::fdatasync(file_.get()) != 0) fail("sync", fresh);
    if (::rename(fresh.c_str(), path_.c_str()) != 0) fail("replace", path_);
}

void LimitFile::write(std::string_view lines) {
    while (!lines.empty()) {
        const ssize_t written = ::write(file_.get(), lines.data(), lines.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) fail("write", path_);
        lines.remove_prefix(static_cast<std::size_t>(written));
        size_ += static_cast<std::uint64_t>(written);
    }
    if (size_ >= rewrite_at_) replace(to_keep());
}

}  // namespace plait::batch
