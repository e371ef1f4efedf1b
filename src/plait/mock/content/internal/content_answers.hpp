#pragma once

#include "plait/coding/decoder.hpp"
#include "plait/mock/content/codings.hpp"
#include "plait/mock/content/internal/answer.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Answers whose content, place or cookies are what the path asks for, right or wrong.
namespace plait::mock::internal {

/// Applies the codings to the body in this order, and adds `Content-Encoding`.
void apply_codings(Answer& answer, const std::vector<coding::Coding>& codings);

/// Whether the request accepts all these codings. A weight of 0 is not understood.
bool accept_all(const http::ReceivedRequest& request, const std::vector<coding::Coding>& codings);

/// Makes the answer for `/coded/<codings>` or `/coded/<codings>/<flaw>` of the usual one; nothing when the path is
/// invalid.
std::optional<Answer> coded_answer(std::string_view arguments, Answer usual);

/// Makes the answer for `/redirect/<n>`, `/redirect/<n>/<status>` or `/redirect/<n>/<status>/<flaw>`: the usual one for
/// n = 0; nothing when the path is invalid. With the query `to=URL`, the last redirect leads to this URL. `scheme` is
/// that of the server.
std::optional<Answer> redirect_answer(std::string_view arguments, const http::ReceivedRequest& request,
                                      std::string_view scheme, Answer usual);

/// Makes the answer for `/cookie/<name>/<value>` of the usual one. The query holds the attributes of the cookie.
Answer cookie_answer(std::string_view arguments, const http::ReceivedRequest& request, Answer usual);

/// Returns the URL of `target` at this server, or, by another name of this machine, at another origin.
std::string url_of(const http::ReceivedRequest& request, std::string_view target, std::string_view scheme,
                   bool is_elsewhere);

/// The paths that an invalid one should have been, for people.
inline constexpr std::string_view coded_paths =
    "write /coded/<codings> or /coded/<codings>/<flaw>; codings are gzip, deflate, br and zstd, such as gzip,br; flaws "
    "are cut, no-end, damaged, junk, plain, lines, unknown and bomb";
inline constexpr std::string_view redirect_paths =
    "write /redirect/<n>, /redirect/<n>/<status> or /redirect/<n>/<status>/<flaw>; flaws are loop, elsewhere, to-http, "
    "no-location, bad-location and other-scheme; with ?to=URL the last redirect leads to this URL";

}  // namespace plait::mock::internal
