#pragma once

#include "plait/http/message/headers.hpp"
#include "plait/http/message/internal/content_codings.hpp"
#include "plait/http/message/request.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace plait::http::internal {

/// What the heads of requests to one origin have in common, serialised once: all but the method, the target, the fields
/// of the request itself, and the length of its body.
class CommonHead {
  public:
    /// `url`: any of the origin. `defaults` and `decoding` are those of `serialize_head`.
    CommonHead(const Url& url, const Headers& defaults, Decoding decoding);

    /// The head of a request to the origin, as `serialize_head` returns it; nothing if a field of the request changes
    /// what is common. Throws as `serialize_head` does.
    std::optional<std::string> head_of(const Request& request) const;

  private:
    bool is_changed_by(std::string_view name) const noexcept;

    std::string before_fields_;  ///< from the blank behind the target to `Host`
    std::string fields_;         ///< behind those of the request
    std::vector<std::string> names_;
    bool is_usable_ = true;
};

/// Serialises the heads of a session's requests: the same bytes as `serialize_head`, for less where requests to an
/// origin follow each other.
class HeadWriter {
  public:
    /// `defaults` must outlive it, and not change.
    HeadWriter(const Headers& defaults, Decoding decoding) noexcept : defaults_(defaults), decoding_(decoding) {}

    /// The head of a request that no proxy relays.
    std::string head_of(const Request& request);

  private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
    };
    using Origins = std::unordered_map<std::string, CommonHead, Hash, std::equal_to<>>;

    const CommonHead& common_of(const Url& url);

    const Headers& defaults_;
    const Decoding decoding_;
    Origins origins_;
    const Origins::value_type* latest_ = nullptr;  ///< most requests follow one to the same origin
};

}  // namespace plait::http::internal
