#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace plait {

/// Appends many short parts to a string, in few large pieces: it collects them in a buffer of its own, because to
/// append a part costs more than to copy it.
///
///     Appender out(line);
///     out.put("a=");
///     out.put(value);
///     out.flush();  // all of it is in `line` now
class Appender {
  public:
    /// `text` must outlive the appender.
    explicit Appender(std::string& text) noexcept : text_(text) {}
    Appender(const Appender&) = delete;
    Appender& operator=(const Appender&) = delete;

    [[gnu::always_inline]] void put(std::string_view part) {
        if (part.size() > buffer_.size() - size_) return put_large(part);
        if (part.empty()) return;  // it may have no address, and memcpy wants one
        std::memcpy(buffer_.data() + size_, part.data(), part.size());
        size_ += part.size();
    }

    /// Puts ASCII text with its letters in lower case.
    void put_lower(std::string_view part) {
        while (!part.empty()) {
            if (size_ == buffer_.size()) flush();
            const std::string_view piece = part.substr(0, buffer_.size() - size_);
            std::transform(piece.begin(), piece.end(), buffer_.data() + size_,
                           [](char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c); });
            size_ += piece.size();
            part.remove_prefix(piece.size());
        }
    }

    /// Passes on what was collected. Without it, the end would be missing.
    void flush() {
        text_.append(buffer_.data(), size_);
        size_ = 0;
    }

    /// Returns the string, with all that was put so far, for a function that appends to one.
    std::string& flushed() {
        flush();
        return text_;
    }

  private:
    void put_large(std::string_view part) {
        flush();
        if (part.size() > buffer_.size()) {
            text_.append(part);
        } else {
            put(part);
        }
    }

    std::string& text_;
    std::size_t size_ = 0;
    std::array<char, 1024> buffer_;  // not initialized: the first `size_` bytes are in use
};

}  // namespace plait
