#include "plait/json/plain_value.hpp"

#include "plait/base/text/json_string.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace plait::json {

namespace {

/// A longer text may have been read in vain up to its end.
constexpr std::size_t longest = 4096;
constexpr int deepest = 16;
constexpr std::size_t most_names = 24;
/// A number of so many characters fits in 64 bits.
constexpr std::size_t longest_number = 18;

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// Reads a value from its first character to its last. Each function returns false where the text is not plain.
class PlainReader {
  public:
    explicit PlainReader(std::string_view text) noexcept : at_(text.data()), end_(text.data() + text.size()) {}

    bool read_all() noexcept { return read_value(0) && (skip_space(), at_ == end_); }

  private:
    struct Name {
        const char* text;
        std::size_t size;
    };

    bool read_value(int depth) noexcept {
        skip_space();
        if (at_ == end_ || depth > deepest) return false;
        switch (*at_) {
            case '{':
                return read_object(depth);
            case '[':
                return read_array(depth);
            case '"':
                return read_string();
            case 't':
                return skip("true");
            case 'f':
                return skip("false");
            case 'n':
                return skip("null");
            default:
                return read_number();
        }
    }

    bool read_object(int depth) noexcept {
        std::array<Name, most_names> names;  // not initialised: as large as most objects
        std::size_t count = 0;
        ++at_;
        skip_space();
        if (skip('}')) return true;
        do {
            skip_space();
            std::string_view name;
            if (count == most_names || !read_name(name)) return false;
            const auto is_same = [name](const Name& other) { return std::string_view(other.text, other.size) == name; };
            if (std::any_of(names.begin(), names.begin() + count, is_same)) return false;
            names[count++] = {name.data(), name.size()};
            skip_space();
            if (!skip(':') || !read_value(depth + 1)) return false;
            skip_space();
        } while (skip(','));
        return skip('}');
    }

    bool read_array(int depth) noexcept {
        ++at_;
        skip_space();
        if (skip(']')) return true;
        do {
            if (!read_value(depth + 1)) return false;
            skip_space();
        } while (skip(','));
        return skip(']');
    }

    bool read_name(std::string_view& name) noexcept {
        const char* const begin = at_ + 1;
        if (!skip('"')) return false;
        at_ = plain_json_end(at_, end_);
        name = {begin, static_cast<std::size_t>(at_ - begin)};
        return skip('"');
    }

    bool read_string() noexcept {
        constexpr std::string_view escapes = "\"\\/bfnrt";
        for (++at_;; at_ += 2) {
            at_ = plain_json_end(at_, end_);
            if (skip('"')) return true;
            if (end_ - at_ < 2 || *at_ != '\\' || escapes.find(at_[1]) == std::string_view::npos) return false;
        }
    }

    bool read_number() noexcept {
        const char* const begin = at_;
        skip('-');
        const char* const digits = at_;
        skip_digits();
        if (at_ == digits || (*digits == '0' && at_ - digits > 1)) return false;
        if (skip('.')) {
            const char* const fraction = at_;
            skip_digits();
            if (at_ == fraction) return false;
        }
        // What follows a number ends it, or else the reader of the array or object refuses it.
        return static_cast<std::size_t>(at_ - begin) <= longest_number;
    }

    void skip_digits() noexcept {
        while (at_ != end_ && is_digit(*at_)) ++at_;
    }

    /// Not line breaks: a value with them is not on one line.
    void skip_space() noexcept {
        while (at_ != end_ && (*at_ == ' ' || *at_ == '\t')) ++at_;
    }

    bool skip(char c) noexcept {
        if (at_ == end_ || *at_ != c) return false;
        ++at_;
        return true;
    }

    bool skip(std::string_view word) noexcept {
        if (!std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(word)) return false;
        at_ += word.size();
        return true;
    }

    const char* at_;
    const char* const end_;
};

}  // namespace

bool is_plain_value(std::string_view text) noexcept { return text.size() <= longest && PlainReader(text).read_all(); }

}  // namespace plait::json
