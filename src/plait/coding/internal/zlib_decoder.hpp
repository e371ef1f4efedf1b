#pragma once

#include "plait/coding/decoder.hpp"

#include <zlib.h>

#include <array>

namespace plait::coding::internal {

/// A stream that zlib inflates.
class Inflation {
  public:
    /// `window_bits` is that of zlib, which says with it which header to expect.
    explicit Inflation(int window_bits);
    Inflation(const Inflation&) = delete;
    Inflation& operator=(const Inflation&) = delete;
    ~Inflation() { ::inflateEnd(&stream_); }

    /// Inflates as much as fits. Returns false when zlib calls the data damaged.
    bool run(std::string_view coded, std::span<char> room, Decoder::Step& step);
    /// Begins again, with data of this header.
    void restart(int window_bits) { ::inflateReset2(&stream_, window_bits); }

    /// Whether the end was seen.
    bool is_at_end() const noexcept { return is_at_end_; }
    /// Says why `run` returned false.
    const char* trouble() const noexcept { return stream_.msg ? stream_.msg : "it can't be inflated"; }

  private:
    z_stream stream_{};
    bool is_at_end_ = false;
};

class GzipDecoder final : public Decoder {
  public:
    explicit GzipDecoder(ErrorCode on_damage);

    Step decode(std::string_view coded, std::span<char> room) override;
    bool is_whole() const noexcept override { return position_ != Position::member; }

  private:
    enum class Position {
        member,
        behind_member,
        padding,  ///< zeros up to the end, as on tapes
    };

    void begin_next(char first);
    Step skip_padding(std::string_view coded) const;

    const ErrorCode on_damage_;
    Inflation inflation_;
    Position position_ = Position::member;
};

/// RFC 9110, section 8.4.1.2, calls the zlib format "deflate", and notes that some send raw deflate data instead.
class DeflateDecoder final : public Decoder {
  public:
    explicit DeflateDecoder(ErrorCode on_damage);

    Step decode(std::string_view coded, std::span<char> room) override;
    bool is_whole() const noexcept override { return inflation_.is_at_end(); }

  private:
    Step take_header(std::string_view coded, std::span<char> room);
    Step inflate(std::string_view coded, std::span<char> room);

    const ErrorCode on_damage_;
    Inflation inflation_;
    std::array<char, 2> header_{};  ///< the first bytes, which tell zlib from raw data
    std::size_t header_size_ = 0;   ///< how many of them have come
};

}  // namespace plait::coding::internal
