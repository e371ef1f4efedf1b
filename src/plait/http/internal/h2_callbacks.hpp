#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>

namespace plait::http::internal {

class H2Session;

/// The largest header that is sent, whatever the server accepts.
inline constexpr std::size_t largest_h2_header = 1024 * 1024;

/// Makes the nghttp2 session of a client whose reports go to `owner`.
nghttp2_session* make_h2_session(H2Session* owner);

/// Reads the next part of a stream's body for nghttp2.
ssize_t read_h2_body(nghttp2_session*, std::int32_t id, std::uint8_t* buffer, std::size_t size, std::uint32_t* flags,
                     nghttp2_data_source*, void* owner);

}  // namespace plait::http::internal
