#pragma once

#include "plait/base/unique_fd.hpp"

#include <cstddef>
#include <streambuf>
#include <string>
#include <string_view>
#include <utility>

namespace plait::internal {

/// More bytes than this travel as a file in memory. One system call each way below it; a socket's buffer takes some
/// three of them.
inline constexpr std::size_t most_bytes_in_packet = 64 * 1024;

/// A part of a file, seen as memory.
class Mapping {
  public:
    enum class Access { read, write_shared };

    Mapping() noexcept = default;
    /// Throws `std::bad_alloc` when the address space is used up, else Error.
    Mapping(const UniqueFd& file, std::size_t size, Access access);
    Mapping(Mapping&& other) noexcept
        : begin_(std::exchange(other.begin_, nullptr)), size_(std::exchange(other.size_, 0)) {}
    Mapping& operator=(Mapping&& other) noexcept {
        std::swap(begin_, other.begin_);
        std::swap(size_, other.size_);
        return *this;
    }
    ~Mapping();

    char* begin() const noexcept { return begin_; }
    std::string_view bytes() const noexcept { return {begin_, size_}; }

  private:
    char* begin_ = nullptr;
    std::size_t size_ = 0;
};

/// Bytes on their way between processes: few in a string; many in a sealed file in memory, which the reader maps
/// instead of copying.
class Payload {
  public:
    Payload() noexcept = default;
    explicit Payload(std::string few) noexcept : few_(std::move(few)) {}
    explicit Payload(UniqueFd sealed_file) noexcept : file_(std::move(sealed_file)) {}

    /// Returns a view of the bytes, valid until the payload is moved.
    std::string_view bytes();

    /// The file, if the bytes are in one.
    const UniqueFd& file() const noexcept { return file_; }
    std::string_view few() const noexcept { return few_; }

  private:
    std::string few_;
    UniqueFd file_;
    Mapping mapping_;
};

/// Collects bytes for a `Payload`. Large ones are written into the file without a copy.
class PayloadWriter final : public std::streambuf {
  public:
    PayloadWriter() = default;
    PayloadWriter(const PayloadWriter&) = delete;
    PayloadWriter& operator=(const PayloadWriter&) = delete;

    std::size_t size() const noexcept { return in_file_ + buffer_.size(); }
    /// Returns all that was written, if it is small enough for a packet.
    bool is_small() const noexcept { return !file_; }
    std::string_view small() const noexcept { return buffer_; }

    void clear() noexcept;
    /// Returns what was written, and empties the writer.
    Payload take();

  private:
    std::streamsize xsputn(const char* from, std::streamsize count) override;
    int_type overflow(int_type character) override;
    void flush_to_file();

    std::string buffer_;
    UniqueFd file_;
    std::size_t in_file_ = 0;
};

}  // namespace plait::internal
