#include "plait/trace/internal/record_text.hpp"

#include "plait/base/assert.hpp"
#include "plait/base/text/json_string.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <iterator>

namespace plait::trace::internal {

namespace {

/// Gathers the small pieces of a record, and appends them to a string many at once. Room is made for several together:
/// records are written for each call, as fast as calls end.
class Pieces {
  public:
    static constexpr std::size_t most_bytes = 512;
    static constexpr std::size_t number_bytes = 20;

    explicit Pieces(std::string& out) noexcept : out_(out) {}
    Pieces(const Pieces&) = delete;
    Pieces& operator=(const Pieces&) = delete;
    ~Pieces() { flush(); }

    /// Makes room for the next pieces, which take at most `size` bytes. `size` is at most `most_bytes`.
    Pieces& room_for(std::size_t size) {
        PLAIT_ASSERT(size <= most_bytes, "more room is asked for than there is in all");
        if (bytes_.data() + most_bytes - end_ < static_cast<std::ptrdiff_t>(size)) flush();
        return *this;
    }

    template <std::size_t size>
    Pieces& operator<<(const char (&literal)[size]) noexcept {
        std::memcpy(end_, literal, size - 1);
        end_ += size - 1;
        return *this;
    }
    Pieces& operator<<(char c) noexcept {
        *end_++ = c;
        return *this;
    }
    Pieces& operator<<(std::string_view text) noexcept {
        end_ += text.copy(end_, text.size());
        return *this;
    }
    Pieces& operator<<(std::uint64_t number) noexcept {
        end_ = std::to_chars(end_, end_ + number_bytes, number).ptr;
        return *this;
    }
    Pieces& microseconds(std::int64_t tenths) noexcept {
        const auto number = static_cast<std::uint64_t>(tenths);
        return *this << number / 10 << '.' << static_cast<char>('0' + number % 10);
    }

    /// Any text as a JSON string, with room for it.
    Pieces& quoted(std::string_view text) {
        if (text.size() + 2 <= most_bytes && is_plain_json_for_page(text))
            return room_for(text.size() + 2) << '"' << text << '"';
        flush();
        append_json_string_for_page(out_, text);
        return *this;
    }

  private:
    void flush() {
        out_.append(bytes_.data(), end_);
        end_ = bytes_.data();
    }

    std::string& out_;
    std::array<char, most_bytes> bytes_;
    char* end_ = bytes_.data();
};

/// More bytes than the words and numbers between two texts of a record take.
constexpr std::size_t some_room = 200;

}  // namespace

void RecordText::append_metadata(std::string& out, std::string_view name, std::uint64_t tid, std::string_view args) {
    fmt::format_to(std::back_inserter(out), R"({{"ph":"M","name":"{}","pid":1,)", name);
    if (tid != 0) fmt::format_to(std::back_inserter(out), R"("tid":{},)", tid);
    fmt::format_to(std::back_inserter(out), R"("args":{}}})", args);
}

void RecordText::append_call(std::string& out, std::uint64_t tid, const Call& call, const SpanStates& states) const {
    const std::int64_t begin = tenths(states.begin());
    Pieces pieces(out);
    pieces << R"({"ph":"X","cat":"call","name":)";
    pieces.quoted(call.name).room_for(some_room) << R"(,"pid":1,"tid":)" << tid << R"(,"ts":)";
    pieces.microseconds(begin) << R"(,"dur":)";
    pieces.microseconds(tenths(states.end()) - begin) << R"(,"args":{"line":)" << call.line << R"(,"result":)";
    pieces.quoted(call.result).room_for(some_room);
    if (call.ok) {
        pieces << R"(,"ok":true)";
    } else {
        pieces << R"(,"ok":false)";
    }
    if (call.attempt > 1) pieces << R"(,"attempt":)" << std::uint64_t{call.attempt};
    if (!call.connections.empty()) {
        pieces << R"(,"connections":)";
        pieces.quoted(call.connections).room_for(some_room);
    }
    pieces << R"(,"states":")";
    TimePoint when = states.begin();
    std::int64_t from = begin;
    for (const Segment& segment : states.segments()) {
        when += segment.length;
        const std::int64_t to = tenths(when);
        if (to > from) {
            pieces.room_for(1 + Pieces::number_bytes)
                << letter_of(segment.activity) << static_cast<std::uint64_t>(to - from);
        }
        from = to;
    }
    pieces.room_for(some_room) << R"("}})";
}

void RecordText::append_phases(std::string& out, std::uint64_t tid, const SpanStates& states,
                               std::string_view separator) const {
    constexpr std::int64_t worth_it = 10;
    TimePoint when = states.begin();
    std::int64_t from = tenths(when);
    for (const Segment& segment : states.segments()) {
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
    pieces << R"({"ph":"C","cat":"loop","name":"loop tasks","pid":1,"tid":)" << std::uint64_t{lane} << R"(,"ts":)";
    pieces.microseconds(tenths(when)) << R"(,"args":{"ready":)" << std::uint64_t{ready} << R"(,"waiting":)"
                                      << std::uint64_t{waiting} << "}}";
}

void RecordText::append_thinned(std::string& out, TimePoint when, std::uint64_t one_in) const {
    Pieces pieces(out);
    pieces << R"({"ph":"i","s":"p","cat":"plait","name":"thinned","pid":1,"tid":1,"ts":)";
    pieces.microseconds(tenths(when)) << R"(,"args":{"one_in":)" << one_in << "}}";
}

void RecordText::append_slice(std::string& out, std::string_view category, std::string_view name, std::uint64_t tid,
                              std::int64_t begin, std::int64_t end) const {
    Pieces pieces(out);
    pieces << R"({"ph":"X","cat":")" << category << R"(","name":")" << name << R"(","pid":1,"tid":)" << tid
           << R"(,"ts":)";
    pieces.microseconds(begin) << R"(,"dur":)";
    pieces.microseconds(end - begin) << '}';
}

}  // namespace plait::trace::internal
