#pragma once

#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plait::http {

namespace internal {
class H2Stream;
class MessageParser;
}  // namespace internal

/// One field of a message. The views point into its owner.
struct Header {
    constexpr Header(std::string_view name_, std::string_view value_) : name(name_), value(value_) {}

    std::string_view name;
    std::string_view value;

    friend bool operator==(const Header&, const Header&) = default;
};

/// The header fields of a message, in order. A name is found without regard to case, and may occur more than once.
///
///     http::Headers headers{{"Accept", "application/json"}};
///     headers.add("X-Tag", "a");
///     headers.get("x-tag");  // "a"
///
/// Names and values are checked when they are added (RFC 9110, section 5): a name is a token, and a value has no
/// control character other than the tab. So a CR, LF or NUL never reaches the wire. White space around a value is
/// dropped.
///
/// All text is in one string. Views are valid until the next change.
class Headers {
  public:
    class Iterator;

    Headers() = default;
    /// Adds each header. Throws as `add` does.
    Headers(std::initializer_list<Header> headers);

    /// Appends a field, whether or not the name is there already. Throws `Error(bad_input)` that names the header.
    void add(std::string_view name, std::string_view value);

    /// Replaces all fields of this name by one, at the end. Throws `Error(bad_input)` that names the header.
    void set(std::string_view name, std::string_view value);

    /// Removes all fields of this name, and returns their number.
    std::size_t remove(std::string_view name);

    void clear() noexcept;

    /// Returns the value of the first field of this name.
    std::optional<std::string_view> get(std::string_view name) const;

    /// Returns the values of all fields of this name, in order.
    std::vector<std::string_view> get_all(std::string_view name) const;

    bool contains(std::string_view name) const { return find(name) < fields_.size(); }

    std::size_t size() const noexcept { return fields_.size(); }
    bool empty() const noexcept { return fields_.empty(); }

    /// Allocates room for this many fields and bytes of text.
    void reserve(std::size_t fields, std::size_t text);

    Iterator begin() const noexcept;
    Iterator end() const noexcept;

  private:
    friend class internal::H2Stream;       // appends fields that nghttp2 has checked
    friend class internal::MessageParser;  // appends fields that it has checked

    struct Field {
        std::uint32_t start;  ///< of the name in text_; the value follows at once
        std::uint32_t name_size;
        std::uint32_t value_size;
    };

    void append(std::string_view name, std::string_view value);
    Headers without(std::string_view name) const;
    Header at(std::size_t index) const noexcept;
    std::size_t find(std::string_view name, std::size_t from = 0) const noexcept;

    std::string text_;
    std::vector<Field> fields_;
};

/// Iterates over the fields, and makes each on the way.
class Headers::Iterator {
  public:
    using iterator_category = std::input_iterator_tag;
    using iterator_concept = std::forward_iterator_tag;
    using value_type = Header;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = Header;

    Iterator() = default;
    Iterator(const Headers* headers, std::size_t index) noexcept : headers_(headers), index_(index) {}

    Header operator*() const noexcept { return headers_->at(index_); }
    Iterator& operator++() noexcept {
        ++index_;
        return *this;
    }
    Iterator operator++(int) noexcept {
        Iterator before = *this;
        ++index_;
        return before;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) noexcept { return a.index_ == b.index_; }

  private:
    const Headers* headers_ = nullptr;
    std::size_t index_ = 0;
};

inline Headers::Iterator Headers::begin() const noexcept { return {this, 0}; }
inline Headers::Iterator Headers::end() const noexcept { return {this, fields_.size()}; }

/// Whether `text` is a token (RFC 9110, section 5.6.2), as methods and header names must be.
bool is_token(std::string_view text) noexcept;

/// `c` in lower case, if it is an ASCII letter.
constexpr char to_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

/// Compares ASCII text without regard to case.
bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

/// `text` with its ASCII letters in lower case.
std::string lower(std::string_view text);

}  // namespace plait::http
