#include "plait/trace/internal/record_text.hpp"

#include "plait/base/assert.hpp"
#include "plait/base/json_string.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <iterator>

namespace plait::trace::internal {

using namespace std::string_view_literals;

namespace {

/// Appends small pieces of text to a string, many at once: parts of the format, none longer than `most_bytes`.
class Pieces {
  public:
    static constexpr std::size_t most_bytes = 512;

    explicit Pieces(std::string& out) noexcept : out_(out) {}
    Pieces(const Pieces&) = delete;
    Pieces& operator=(const Pieces&) = delete;
    ~Pieces() { flush(); }

    Pieces& operator<<(char c) {
        make_room(1);
        *end_++ = c;
        return *this;
    }
    Pieces& operator<<(std::string_view text) {
        make_room(text.size());
        end_ = std::copy(text.begin(), text.end(), end_);
        return *this;
    }
    Pieces& operator<<(std::int64_t number) {
        constexpr std::size_t most_digits = 20;
        make_room(most_digits);
        end_ = std::to_chars(end_, end_ + most_digits, number).ptr;
        return *this;
    }
    Pieces& operator<<(std::uint64_t number) { return *this << static_cast<std::int64_t>(number); }

    Pieces& microseconds(std::int64_t tenths) {
        return *this << tenths / 10 << '.' << static_cast<char>('0' + tenths % 10);
    }

    /// The string with all pieces so far, for others to append to.
    std::string& flush() {
        out_.append(bytes_.data(), end_);
        end_ = bytes_.data();
        return out_;
    }

  private:
    void make_room(std::size_t size) {
        PLAIT_ASSERT(size <= most_bytes, "a piece is longer than all of them together");
        if (bytes_.data() + bytes_.size() - end_ < static_cast<std::ptrdiff_t>(size)) flush();
    }

    std::string& out_;
    std::array<char, most_bytes> bytes_;
    char* end_ = bytes_.data();
};

}  // namespace

void RecordText::append_metadata(std::string& out, std::string_view name, std::uint64_t tid, std::string_view args) {
    fmt::format_to(std::back_inserter(out), R"({{"ph":"M","name":"{}","pid":1,)", name);
    if (tid != 0) fmt::format_to(std::back_inserter(out), R"("tid":{},)", tid);
    fmt::format_to(std::back_inserter(out), R"("args":{}}})", args);
}

void RecordText::append_call(std::string& out, std::uint64_t tid, const Call& call, const Course& course) const {
    const std::int64_t begin = tenths(course.begin());
    Pieces pieces(out);
    pieces << R"({"ph":"X","cat":"call","name":)"sv;
    append_json_string_for_page(pieces.flush(), call.name);
    pieces << R"(,"pid":1,"tid":)"sv << tid << R"(,"ts":)"sv;
    pieces.microseconds(begin) << R"(,"dur":)"sv;
    pieces.microseconds(tenths(course.end()) - begin) << R"(,"args":{"line":)"sv << call.line << R"(,"result":)"sv;
    append_json_string_for_page(pieces.flush(), call.result);
    pieces << (call.ok ? R"(,"ok":true)"sv : R"(,"ok":false)"sv);
    if (call.attempt > 1) pieces << R"(,"attempt":)"sv << std::int64_t{call.attempt};
    pieces << R"(,"states":")"sv;
    TimePoint when = course.begin();
    std::int64_t from = begin;
    for (const Segment& segment : course.segments()) {
        when += segment.length;
        const std::int64_t to = tenths(when);
        if (to > from) pieces << letter_of(segment.activity) << to - from;
        from = to;
    }
    pieces << R"("}})"sv;
}

void RecordText::append_phases(std::string& out, std::uint64_t tid, const Course& course,
                               std::string_view separator) const {
    constexpr std::int64_t worth_it = 10;
    TimePoint when = course.begin();
    std::int64_t from = tenths(when);
    for (const Segment& segment : course.segments()) {
        when += segment.length;
        const std::int64_t to = tenths(when);
        if (to - from >= worth_it) {
            append_slice(out, "phase", to_string(segment.activity), tid, from, to);
            out += separator;
        }
        from = to;
    }
}

void RecordText::append_loop_run(std::string& out, LaneId lane, TimePoint begin, TimePoint end) const {
    append_slice(out, "loop", "running", lane, tenths(begin), tenths(end));
}

void RecordText::append_loop_counts(std::string& out, LaneId lane, TimePoint when, std::size_t ready,
                                    std::size_t waiting) const {
    Pieces pieces(out);
    pieces << R"({"ph":"C","cat":"loop","name":"loop tasks","pid":1,"tid":)"sv << std::uint64_t{lane} << R"(,"ts":)"sv;
    pieces.microseconds(tenths(when)) << R"(,"args":{"ready":)"sv << std::uint64_t{ready} << R"(,"waiting":)"sv
                                      << std::uint64_t{waiting} << "}}"sv;
}

void RecordText::append_thinned(std::string& out, TimePoint when, std::uint64_t one_in) const {
    Pieces pieces(out);
    pieces << R"({"ph":"i","s":"p","cat":"plait","name":"thinned","pid":1,"tid":1,"ts":)"sv;
    pieces.microseconds(tenths(when)) << R"(,"args":{"one_in":)"sv << one_in << "}}"sv;
}

void RecordText::append_slice(std::string& out, std::string_view category, std::string_view name, std::uint64_t tid,
                              std::int64_t begin, std::int64_t end) const {
    Pieces pieces(out);
    pieces << R"({"ph":"X","cat":")"sv << category << R"(","name":")"sv << name << R"(","pid":1,"tid":)"sv << tid
           << R"(,"ts":)"sv;
    pieces.microseconds(begin) << R"(,"dur":)"sv;
    pieces.microseconds(end - begin) << '}';
}

}  // namespace plait::trace::internal
