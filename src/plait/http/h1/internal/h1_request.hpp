#pragma once

#include "plait/http/message/headers.hpp"
#include "plait/http/message/internal/content_codings.hpp"
#include "plait/http/message/request.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace plait::http::internal {

/// What is different for a proxy that relays the request: the request line has the whole URL (RFC 9112, section 3.2.2).
struct RelayedForm {
    /// The value of `Proxy-Authorization`. Empty: there is none.
    std::string_view authorization;
};

/// The request line and header fields of `request` as they go on the wire (RFC 9112), including the empty line at the
/// end; `request.body` follows. A field of `defaults` is sent unless the request has one of that name.
///
/// `Host` comes first. `User-Agent` and `Accept` are added when neither has them; so is `Accept-Encoding` with
/// `decoding`. Throws `Error(bad_input)` for fields that would contradict what is sent: a second `Host`, a
/// `Content-Length` other than the body's, any `Transfer-Encoding`, a `Connection` other than `close` and `keep-alive`,
/// what is meant for a proxy, and, if `relayed`, `TE` and `Upgrade`, which end at the proxy.
std::string serialize_head(const Request& request, const Headers& defaults, Decoding decoding = Decoding::on,
                           const RelayedForm* relayed = nullptr);

/// Room for the heads of most requests.
inline constexpr std::size_t head_capacity = 512;

/// Appends the line of a field.
void append_field(std::string& out, std::string_view name, std::string_view value);

/// Adds `Expect: 100-continue` to such a head: the server says whether it wants the body (RFC 9110, section 10.1.1).
void add_expectation(std::string& head);

/// Whether it is worth a round trip to ask whether the server wants the body: it is large, and the request does not
/// expect anything itself.
bool asks_before_body(const Request& request);

/// Whether that head says `Connection: close`: the connection carries no further request (RFC 9112, section 9.6).
bool asks_to_close(const Request& request, const Headers& defaults);

}  // namespace plait::http::internal
