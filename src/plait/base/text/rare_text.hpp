#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace plait {

/// A text that is nearly always empty, as a field of something that moves often: while it is empty it takes one pointer
/// and moves as one, where an empty `std::string` takes 32 bytes and a call of `memcpy`.
///
///     RareText url;               // no allocation
///     url = "https://a.example";  // one
///     if (!url.empty()) log(url);
class RareText {
  public:
    RareText() noexcept = default;
    RareText(std::string text) : text_(text.empty() ? nullptr : std::make_unique<std::string>(std::move(text))) {}
    RareText(std::string_view text) : RareText(std::string(text)) {}
    RareText(const char* text) : RareText(std::string(text)) {}
    RareText(const RareText& other) : RareText(std::string(other)) {}
    RareText(RareText&&) noexcept = default;
    RareText& operator=(const RareText& other) { return *this = RareText(other); }
    RareText& operator=(RareText&&) noexcept = default;
    ~RareText() = default;

    bool empty() const noexcept { return text_ == nullptr; }
    void clear() noexcept { text_.reset(); }

    /// Valid until it is changed or moved.
    std::string_view view() const noexcept { return text_ ? std::string_view(*text_) : std::string_view(); }
    operator std::string_view() const noexcept { return view(); }
    explicit operator std::string() const { return std::string(view()); }

    friend bool operator==(const RareText& a, const RareText& b) noexcept { return a.view() == b.view(); }
    friend bool operator==(const RareText& a, std::string_view b) noexcept { return a.view() == b; }
    friend bool operator==(const RareText& a, const char* b) noexcept { return a.view() == b; }

  private:
    std::unique_ptr<std::string> text_;  // null: empty
};

}  // namespace plait
