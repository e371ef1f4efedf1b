#include "plait/http/date.hpp"

#include "plait/http/headers.hpp"

#include <array>
#include <chrono>

namespace plait::http {

namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/// Takes parts off the front of a text; once something did not fit, nothing does.
class Reader {
  public:
    explicit Reader(std::string_view text) noexcept : rest_(text) {}

    /// A number of so many digits.
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
    /// A number of two digits, of which the first may be a blank.
    int padded_number() noexcept {
        if (!rest_.starts_with(' ')) return number(2);
        rest_.remove_prefix(1);
        return number(1);
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
    /// Letters; how many.
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

}  // namespace

std::optional<WallTime> parse_http_date(std::string_view text, WallTime now) {
    Reader reader(text);
    Date date;
    const std::size_t letters = reader.letters();
    if (letters < 3) return std::nullopt;
    if (letters == 3 && reader.is_at(' ')) {  // Sun Nov  6 08:49:37 1994
        reader.literal(" ");
        date.month = reader.month();
        reader.literal(" ");
        date.day = static_cast<unsigned>(reader.padded_number());
        reader.literal(" ");
        read_time(reader, date);
        reader.literal(" ");
        date.year = reader.number(4);
    } else if (letters == 3) {  // Sun, 06 Nov 1994 08:49:37 GMT
        reader.literal(", ");
        date.day = static_cast<unsigned>(reader.number(2));
        reader.literal(" ");
        date.month = reader.month();
        reader.literal(" ");
        date.year = reader.number(4);
        reader.literal(" ");
        read_time(reader, date);
        reader.literal(" GMT");
    } else {  // Sunday, 06-Nov-94 08:49:37 GMT
        reader.literal(", ");
        date.day = static_cast<unsigned>(reader.number(2));
        reader.literal("-");
        date.month = reader.month();
        reader.literal("-");
        const int this_year = static_cast<int>(year_month_day(floor<days>(now)).year());
        date.year = this_year / 100 * 100 + reader.number(2);
        if (date.year >= this_year + 50) date.year -= 100;
        reader.literal(" ");
        read_time(reader, date);
        reader.literal(" GMT");
    }
    if (!reader.is_complete()) return std::nullopt;
    return time_of(date);
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
