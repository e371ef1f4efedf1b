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
class MessageParser;
}

/// One field of a message. The views point into what holds the field.
struct Header {
    constexpr Header(std::string_view name_, std::string_view value_) : name(name_), value(value_) {}

    std::string_view name;
    std::string_view value;

    friend bool operator==(const Header&, const Header&) = default;
};

/// The fields of a message in their order, found by name without regard to case; a name may come more than once.
///
/// Names and values are checked on their way in (RFC 9110, section 5): a name is a token, a value has no control
/// character but the tab. So a CR, LF or NUL never reaches the wire. White space around a value is not part of it and
/// is dropped.
///
/// All text lies in one string. Views that come out are valid until the next change.
class Headers {
  public:
    class Iterator;

    Headers() = default;
    /// Adds each header. Throws as `add` does.
    Headers(std::initializer_list<Header> headers);

    /// Appends a field, whether or not the name is there already. Throws `Error(bad_input)` that names the header.
    void add(std::string_view name, std::string_view value);

    /// Replaces every field of this name by one, at the end. Throws `Error(bad_input)` that names the header.
    void set(std::string_view name, std::string_view value);

    /// Removes every field of this name; answers how many there were.
    std::size_t remove(std::string_view name);

    void clear() noexcept;

    /// The value of the first field of this name.
    std::optional<std::string_view> get(std::string_view name) const;

    /// The values of all fields of this name, in their order.
    std::vector<std::string_view> get_all(std::string_view name) const;

    bool contains(std::string_view name) const { return find(name) < fields_.size(); }

    std::size_t size() const noexcept { return fields_.size(); }
    bool empty() const noexcept { return fields_.empty(); }

    /// Makes room, so that adding this much allocates nothing.
    void reserve(std::size_t fields, std::size_t text);

    Iterator begin() const noexcept;
    Iterator end() const noexcept;

  private:
    friend class internal::MessageParser;  // appends what Beast has checked already

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

/// Walks over the fields; each is made on the way.
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

/// Whether `text` is a token (RFC 9110, section 5.6.2): what methods and header names are made of.
bool is_token(std::string_view text) noexcept;

/// `c` as a small letter, if it is an ASCII letter.
constexpr char to_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

/// Compares ASCII text without regard to case, as header names and most of their words are.
bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

/// `text` with small letters, as far as it is ASCII.
std::string lower(std::string_view text);

}  // namespace plait::http
