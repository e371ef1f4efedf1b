#include "plait/mock/content/internal/content_answers.hpp"

#include "plait/coding/encoder.hpp"
#include "plait/http/message/headers.hpp"
#include "plait/mock/content/internal/target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

namespace plait::mock::internal {

namespace {

using coding::Coding;

constexpr std::size_t bomb_bytes = 64 * 1024 * 1024;
constexpr std::size_t most_redirects = 1000;

void add_header(Answer& answer, std::string_view name, std::string_view value) {
    answer.headers.append(name).append(": ").append(value).append("\r\n");
}

void encode_body(Answer& answer, Coding coding) {
    answer.body.append(answer.fill, 'x');
    answer.fill = 0;
    answer.body = coding::encode(coding, answer.body);
}

/// Spoils a coded body. False if there is no such flaw.
bool spoil_body(std::string& body, std::string_view flaw) {
    if (flaw == "cut") {
        body.resize(body.size() / 2);
    } else if (flaw == "no-end") {
        body.pop_back();
    } else if (flaw == "damaged") {
        for (std::size_t at = body.size() / 2; at < std::min(body.size(), body.size() / 2 + 8); ++at)
            body[at] = static_cast<char>(~body[at]);
    } else if (flaw == "junk") {
        body += "junk";
    } else {
        return false;
    }
    return true;
}

void name_codings(Answer& answer, const std::vector<Coding>& codings, std::string_view between) {
    std::string names;
    for (const Coding coding : codings) names.append(names.empty() ? "" : between).append(coding::to_string(coding));
    add_header(answer, "Content-Encoding", names);
}

}  // namespace

std::string url_of(const http::ReceivedRequest& request, std::string_view target, std::string_view scheme,
                   bool is_elsewhere) {
    std::string host(request.headers.get("Host").value_or("localhost"));
    if (is_elsewhere) {
        const auto colon = host.rfind(':');
        const std::string port = colon == std::string::npos || host.back() == ']' ? "" : host.substr(colon);
        host = (host.starts_with("localhost") ? "127.0.0.1" : "localhost") + port;
    }
    return fmt::format("{}://{}{}", scheme, host, target);
}

bool accept_all(const http::ReceivedRequest& request, const std::vector<Coding>& codings) {
    const std::string accepted = http::lower(request.headers.get("Accept-Encoding").value_or(""));
    return std::all_of(codings.begin(), codings.end(), [&accepted](Coding coding) {
        return accepted.find(coding::to_string(coding)) != std::string::npos;
    });
}

void apply_codings(Answer& answer, const std::vector<Coding>& codings) {
    for (const Coding coding : codings) encode_body(answer, coding);
    name_codings(answer, codings, ", ");
}

std::optional<Answer> coded_answer(std::string_view arguments, Answer usual) {
    const std::vector<Coding> codings = codings_named(take_segment(arguments));
    const std::string_view flaw = take_segment(arguments);
    if (codings.empty()) return std::nullopt;
    if (flaw == "bomb") usual.fill = bomb_bytes;
    if (flaw != "plain")
        for (const Coding coding : codings) encode_body(usual, coding);
    if (flaw == "lines") {
        name_codings(usual, codings, "\r\nContent-Encoding: ");
        return usual;
    }
    if (flaw == "unknown") add_header(usual, "Content-Encoding", "x-plait");
    name_codings(usual, codings, ", ");
    const bool is_known = flaw.empty() || flaw == "bomb" || flaw == "plain" || flaw == "unknown";
    if (!is_known && !spoil_body(usual.body, flaw)) return std::nullopt;
    return usual;
}

std::optional<Answer> redirect_answer(std::string_view arguments, const http::ReceivedRequest& request,
                                      std::string_view scheme, Answer usual) {
    const auto left = parse_number(take_segment(arguments), 0, most_redirects);
    const std::string_view status_text = take_segment(arguments);
    const auto status = status_text.empty() ? std::optional<std::size_t>(302) : parse_number(status_text, 300, 399);
    const std::string_view flaw = take_segment(arguments);
    if (!left || !status) return std::nullopt;
    if (*left == 0) return usual;
    usual.status = static_cast<int>(*status);

    const std::string_view query = std::string_view(request.target).substr(path_of(request.target).size());
    std::string next = fmt::format("/redirect/{}/{}", *left - 1, *status);
    if (!flaw.empty()) next.append("/").append(flaw);
    next += query;
    constexpr std::string_view leads_to = "?to=";
    if (*left == 1 && query.starts_with(leads_to)) next = query.substr(leads_to.size());
    if (flaw == "loop") next = request.target;
    if (flaw == "elsewhere") next = url_of(request, next, scheme, true);
    if (flaw == "to-http") next = url_of(request, next, "http", false);
    if (flaw == "bad-location") next = "http://[no-address/";
    if (flaw == "other-scheme") next = url_of(request, next, "ftp", false);
    constexpr std::array flaws{"", "loop", "elsewhere", "to-http", "no-location", "bad-location", "other-scheme"};
    if (std::find(flaws.begin(), flaws.end(), flaw) == flaws.end()) return std::nullopt;
    if (flaw != "no-location") add_header(usual, "Location", next);
    return usual;
}

Answer cookie_answer(std::string_view arguments, const http::ReceivedRequest& request, Answer usual) {
    const std::string_view name = take_segment(arguments);
    std::string cookie = fmt::format("{}={}", name, arguments);
    std::string_view query = std::string_view(request.target).substr(path_of(request.target).size());
    if (!query.empty()) query.remove_prefix(1);
    while (!query.empty()) {
        const std::size_t size = std::min(query.find('&'), query.size());
        cookie.append("; ").append(query.substr(0, size));
        query.remove_prefix(std::min(size + 1, query.size()));
    }
    add_header(usual, "Set-Cookie", cookie);
    return usual;
}

}  // namespace plait::mock::internal
