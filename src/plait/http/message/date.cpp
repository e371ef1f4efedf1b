#include "plait/http/message/date.hpp"

#include "plait/http/message/headers.hpp"

#include <array>
#include <chrono>

namespace plait::http {

namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/// Takes parts off the front of a text. After one that does not fit, none does.
class Reader {
  public:
    explicit Reader(std::string_view text) noexcept : rest_(text) {}

    /// A number of exactly `digits` digits.
    int number(std::size_t digits) noexcept {
        int value = 0;
        if (rest_.size() < digits) return fail();
        for (const char c : rest_.substr(0, digits)) {
            if (c < '0' || c > '9') return fail();
            value = value * 10 + (c - '0');
        }
        rest_.remove_prefix(digits);
        return value;
    }
    /// The number of a month, from 1.
    unsigned month() noexcept {
        for (unsigned i = 0; i < months.size(); ++i) {
            if (equal_ignoring_case(rest_.substr(0, 3), months[i])) {
                rest_.remove_prefix(3);
                return i + 1;
            }
        }
        return static_cast<unsigned>(fail());
    }
    void literal(std::string_view text) noexcept {
        if (rest_.starts_with(text)) {
            rest_.remove_prefix(text.size());
        } else {
            fail();
        }
    }
    /// One of these characters.
    char one_of(std::string_view characters) noexcept {
        if (rest_.empty() || characters.find(rest_.front()) == std::string_view::npos) {
            fail();
            return '\0';
        }
        const char found = rest_.front();
        rest_.remove_prefix(1);
        return found;
    }
    /// Skips letters; returns their number.
    std::size_t letters() noexcept {
        std::size_t count = 0;
        while (count < rest_.size() && to_lower(rest_[count]) >= 'a' && to_lower(rest_[count]) <= 'z') ++count;
        rest_.remove_prefix(count);
        return count;
    }
    /// The digits after a decimal point, if there is one, as nanoseconds.
    nanoseconds fraction() noexcept {
        if (!rest_.starts_with('.')) return {};
        rest_.remove_prefix(1);
        nanoseconds value{};
        nanoseconds place = 100ms;
        if (rest_.empty() || rest_.front() < '0' || rest_.front() > '9') fail();
        for (; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; place /= 10) {
            value += place * (rest_.front() - '0');
            rest_.remove_prefix(1);
        }
        return value;
    }

    bool is_at(char c) const noexcept { return rest_.starts_with(c); }
    bool is_at_digit() const noexcept { return !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; }
    /// Takes `text` if it is next.
    bool takes(std::string_view text) noexcept {
        if (!equal_ignoring_case(rest_.substr(0, text.size()), text)) return false;
        rest_.remove_prefix(text.size());
        return true;
    }
    /// A number of one or two digits. A blank may stand for the first of two.
    int short_number() noexcept {
        takes(" ");
        return rest_.size() > 1 && rest_[1] >= '0' && rest_[1] <= '9' ? number(2) : number(1);
    }
    void skip_rest() noexcept { rest_ = {}; }
    std::string_view rest() const noexcept { return rest_; }
    bool is_complete() const noexcept { return !failed_ && rest_.empty(); }

  private:
    int fail() noexcept {
        failed_ = true;
        rest_ = {};
        return 0;
    }
    std::string_view rest_;
    bool failed_ = false;
};

struct Date {
    int year = 0;
    unsigned month = 0;
    unsigned day = 0;
    int hour = 0;
    int minute = 0;
    int second = 0;
};

void read_time(Reader& reader, Date& date) {
    date.hour = reader.number(2);
    reader.literal(":");
    date.minute = reader.number(2);
    reader.literal(":");
    date.second = reader.number(2);
}

std::optional<WallTime> time_of(const Date& date) {
    const year_month_day calendar{year(date.year), month(date.month), day(date.day)};
    // 60 is a leap second. Years beyond these don't fit into nanoseconds since 1970.
    if (!calendar.ok() || date.year < 1900 || date.year > 2200) return std::nullopt;
    if (date.hour > 23 || date.minute > 59 || date.second > 60) return std::nullopt;
    return WallTime(sys_days(calendar)) + hours(date.hour) + minutes(date.minute) + seconds(date.second);
}

/// A year of four digits, or of two, which is less than 50 years after `now`.
int read_year(Reader& reader, WallTime now) {
    const std::string_view rest = reader.rest();
    if (rest.size() > 3 && rest[2] >= '0' && rest[2] <= '9') return reader.number(4);
    const int this_year = static_cast<int>(year_month_day(floor<days>(now)).year());
    const int year = this_year / 100 * 100 + reader.number(2);
    return year >= this_year + 50 ? year - 100 : year;
}

/// A time of day, perhaps without seconds or fractions of one. Returns its grain.
Duration read_lenient_time(Reader& reader, Date& date, nanoseconds& fraction) {
    date.hour = reader.short_number();
    reader.literal(":");
    date.minute = reader.number(2);
    if (!reader.takes(":")) return minutes(1);
    date.second = reader.number(2);
    const std::size_t before = reader.rest().size();
    fraction = reader.fraction();
    Duration grain = seconds(1);
    for (std::size_t digits = before - reader.rest().size(); digits > 1; --digits) grain /= 10;
    return grain;
}

minutes read_offset(Reader& reader) {
    const bool is_west = reader.one_of("+-") == '-';
    minutes offset = hours(reader.number(2));
    reader.takes(":");
    if (reader.is_at_digit()) offset += minutes(reader.number(2));
    return is_west ? -offset : offset;
}

/// A zone, if there is one. `has_zone` stays false for names that several zones share.
minutes read_zone(Reader& reader, bool& has_zone) {
    reader.takes(" ");
    for (const std::string_view utc : {"GMT", "UTC", "UT", "Z"}) {
        if (reader.takes(utc)) {
            has_zone = true;
            break;
        }
    }
    if (!has_zone) reader.letters();
    reader.takes(" ");
    if (!reader.is_at('+') && !reader.is_at('-')) return {};
    has_zone = true;
    return read_offset(reader);
}

/// The rest of a date after its weekday, in the order of HTTP: `06 Nov 1994 08:49:37`, `06-Nov-94 08:49:37`.
Duration read_day_first(Reader& reader, Date& date, nanoseconds& fraction, WallTime now) {
    reader.literal(",");
    date.day = static_cast<unsigned>(reader.short_number());
    reader.one_of(" -");
    date.month = reader.month();
    reader.one_of(" -");
    date.year = read_year(reader, now);
    reader.literal(" ");
    return read_lenient_time(reader, date, fraction);
}

/// The same in the order of C and of JavaScript: `Nov  6 08:49:37 UTC 1994`, `Nov 06 1994 08:49:37`.
Duration read_month_first(Reader& reader, Date& date, nanoseconds& fraction, minutes& offset, bool& has_zone) {
    reader.literal(" ");
    date.month = reader.month();
    reader.literal(" ");
    date.day = static_cast<unsigned>(reader.short_number());
    reader.literal(" ");
    const bool is_year_next = reader.rest().find(' ') == 4;
    if (is_year_next) {
        date.year = reader.number(4);
        reader.literal(" ");
    }
    const Duration grain = read_lenient_time(reader, date, fraction);
    if (!is_year_next) {
        offset = read_zone(reader, has_zone);
        reader.takes(" ");
        date.year = reader.number(4);
    }
    return grain;
}

}  // namespace

std::optional<ParsedDate> parse_date(std::string_view text, WallTime now) {
    Reader reader(text);
    Date date;
    ParsedDate parsed;
    nanoseconds fraction{};
    minutes offset{};
    parsed.has_zone = false;
    const std::size_t letters = reader.letters();
    if (letters == 0) {  // 1994-11-06T08:49:37Z
        date.year = reader.number(4);
        reader.literal("-");
        date.month = static_cast<unsigned>(reader.number(2));
        reader.literal("-");
        date.day = static_cast<unsigned>(reader.number(2));
        reader.one_of("Tt ");
        parsed.grain = read_lenient_time(reader, date, fraction);
    } else if (letters >= 3 && reader.is_at(',')) {
        parsed.grain = read_day_first(reader, date, fraction, now);
    } else if (letters == 3) {
        parsed.grain = read_month_first(reader, date, fraction, offset, parsed.has_zone);
    } else {
        return std::nullopt;
    }
    if (!reader.rest().empty()) offset = read_zone(reader, parsed.has_zone);
    reader.takes(" ");
    if (reader.is_at('(')) reader.skip_rest();  // the name of the zone again
    if (!reader.is_complete()) return std::nullopt;
    const auto time = time_of(date);
    if (!time) return std::nullopt;
    parsed.time = *time + fraction - offset;
    return parsed;
}

std::optional<WallTime> parse_internet_date(std::string_view text) {
    Reader reader(text);
    Date date;
    date.year = reader.number(4);
    reader.literal("-");
    date.month = static_cast<unsigned>(reader.number(2));
    reader.literal("-");
    date.day = static_cast<unsigned>(reader.number(2));
    reader.one_of("Tt ");
    read_time(reader, date);
    const nanoseconds fraction = reader.fraction();
    minutes offset{};
    const char sign = reader.one_of("Zz+-");
    if (sign == '+' || sign == '-') {
        const int hour = reader.number(2);
        reader.literal(":");
        offset = hours(hour) + minutes(reader.number(2));
        if (sign == '-') offset = -offset;
    }
    if (!reader.is_complete()) return std::nullopt;
    const auto time = time_of(date);
    if (!time) return std::nullopt;
    return *time + fraction - offset;
}

}  // namespace plait::http
