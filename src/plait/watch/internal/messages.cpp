#include "plait/watch/internal/messages.hpp"

#include "plait/batch/status/group_words.hpp"
#include "plait/json/object_writer.hpp"
#include "plait/json/text.hpp"

#include <fmt/format.h>

#include <vector>

namespace plait::watch::internal {

namespace {

std::string_view reason_of(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 204:
            return "No Content";
        case 308:
            return "Permanent Redirect";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 409:
            return "Conflict";
        default:
            return "Refused";
    }
}

std::string_view sentence_of(int status) {
    switch (status) {
        case 308:
            return "The path of the page ends with a slash.\n";
        case 403:
            return "Refused: the request comes from another site or names another host.\n";
        case 404:
            return "There is nothing here: open the URL that plait run printed, with its token.\n";
        case 405:
            return "This method is not for this path.\n";
        case 409:
            return "The run is stopping: it can't be paused or resumed any more.\n";
        case 413:
        case 431:
            return "The request is too large.\n";
        default:
            return "This is not a request that plait understands.\n";
    }
}

/// For every answer: nothing is kept, guessed, framed, or given to another site. No other site may read it, as there is
/// no Access-Control-Allow-Origin.
std::string head(int status, std::string_view nonce) {
    const std::string own = nonce.empty() ? "'none'" : fmt::format("'nonce-{}'", nonce);
    return fmt::format(
        "HTTP/1.1 {} {}\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
        "Referrer-Policy: no-referrer\r\nCross-Origin-Resource-Policy: same-origin\r\n"
        "Cross-Origin-Opener-Policy: same-origin\r\nContent-Security-Policy: default-src 'none'; script-src {}; "
        "style-src {}; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors "
        "'none'\r\n",
        status, reason_of(status), own, own);
}

std::string quoted(std::string_view text) {
    std::string out;
    json::append_string(out, text);
    return out;
}

std::string words_of(const batch::GroupReport& group, WallTime now, batch::Calendar calendar) {
    const batch::GroupWords words = batch::group_in_words(group, now, calendar);
    return json::ObjectWriter()
        .text("name", group.name)
        .text("limit_change", words.limit_change)
        .text("why_waiting", words.why_waiting)
        .list("limits", words.limits, quoted)
        .end();
}

}  // namespace

std::string events_head() {
    // A page that has lost the connection tries again after a second.
    return head(200, {}) + "Content-Type: text/event-stream\r\nConnection: close\r\n\r\nretry: 1000\n\n";
}

std::string answer(int status, std::string_view type, std::string_view body, std::string_view nonce,
                   std::string_view fields) {
    std::string text = head(status, nonce).append(fields);
    if (!type.empty()) text += fmt::format("Content-Type: {}\r\nContent-Length: {}\r\n", type, body.size());
    text += "\r\n";
    return text.append(body);
}

std::string refusal(int status, std::string_view fields) {
    return answer(status, "text/plain; charset=utf-8", sentence_of(status), {}, fields);
}

std::string without_body(std::string answer) {
    constexpr std::string_view end_of_head = "\r\n\r\n";
    answer.resize(answer.find(end_of_head) + end_of_head.size());
    return answer;
}

std::string history_event(std::string_view name, const History& history) {
    const auto sample = [](const Sample& one) { return to_json(one); };
    const std::string data = json::ObjectWriter().text("name", name).list("samples", history.samples(), sample).end();
    return "event: history\ndata: " + data + "\n\n";
}

std::string state_event(const batch::RunReport& report, batch::Liveness liveness, const std::optional<Sample>& added,
                        batch::Calendar calendar) {
    json::ObjectWriter data;
    data.json("status", batch::report_json(report, liveness, report.last_heard, calendar));
    data.list("groups", report.groups,
              [&](const batch::GroupReport& group) { return words_of(group, report.last_heard, calendar); });
    data.json("sample", added ? to_json(*added) : "null");
    const std::string_view name = liveness == batch::Liveness::running ? "state" : "end";
    return fmt::format("event: {}\ndata: {}\n\n", name, data.end());
}

}  // namespace plait::watch::internal
