#include "plait/batch/answer/refusal_body.hpp"

#include "plait/http/message/headers.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace plait::batch {

namespace {

namespace dom = simdjson::dom;
using Meaning = RefusalBody::Meaning;

// A 2xx answer that is a refusal has little else in it.
constexpr std::size_t longest_refusal_in_ok = 8 * 1024;
// The first few errors of a list are enough.
constexpr std::size_t most_errors = 8;

// Compared without case and punctuation: `RATE_LIMITED`, `rate-limited` and `rateLimited` are one word.
constexpr std::array<std::string_view, 26> words_for_later{"throttled",
                                                           "throttling",
                                                           "throttlingexception",
                                                           "throttledexception",
                                                           "requestthrottled",
                                                           "requestthrottledexception",
                                                           "ec2throttledexception",
                                                           "applicationthrottled",
                                                           "toomanyrequests",
                                                           "toomanyrequestsexception",
                                                           "ratelimit",
                                                           "ratelimited",
                                                           "ratelimiterror",
                                                           "ratelimitexceeded",
                                                           "ratelimitexceedederror",
                                                           "ratelimitreached",
                                                           "userratelimitexceeded",
                                                           "resourceexhausted",
                                                           "slowdown",
                                                           "requestlimitexceeded",
                                                           "provisionedthroughputexceeded",
                                                           "provisionedthroughputexceededexception",
                                                           "bandwidthlimitexceeded",
                                                           "priorrequestnotcomplete",
                                                           "quotaviolation",
                                                           "spikearrestviolation"};

constexpr std::array<std::string_view, 13> words_for_account{"insufficientquota",
                                                             "creditbalanceexhausted",
                                                             "organizationspendlimitexceeded",
                                                             "projectspendlimitexceeded",
                                                             "organizationusagelimitexceeded",
                                                             "enforcedspendlimitreached",
                                                             "billinghardlimitreached",
                                                             "billingnotactive",
                                                             "billingerror",
                                                             "billingdisabled",
                                                             "insufficientcredits",
                                                             "insufficientbalance",
                                                             "dailylimitexceeded"};

constexpr std::array<std::string_view, 12> word_fields{"code",       "type",   "reason", "errorCode",
                                                       "error_code", "__type", "status", "errorcode",
                                                       "Code",       "error",  ".tag",   "error_type"};

struct WaitName {
    std::string_view name;
    http::ResetTime::Unit unit;
};
constexpr std::array<WaitName, 14> wait_fields{{{"retry_after", http::ResetTime::Unit::any},
                                                {"retryAfter", http::ResetTime::Unit::any},
                                                {"retry-after", http::ResetTime::Unit::any},
                                                {"retry_after_seconds", http::ResetTime::Unit::seconds},
                                                {"retryAfterSeconds", http::ResetTime::Unit::seconds},
                                                {"retry_in_seconds", http::ResetTime::Unit::seconds},
                                                {"retry_after_ms", http::ResetTime::Unit::milliseconds},
                                                {"retryAfterMs", http::ResetTime::Unit::milliseconds},
                                                {"retry_in", http::ResetTime::Unit::any},
                                                {"retryIn", http::ResetTime::Unit::any},
                                                {"retryDelay", http::ResetTime::Unit::any},
                                                {"retry_delay", http::ResetTime::Unit::any},
                                                {"reset_at", http::ResetTime::Unit::any},
                                                {"resetAt", http::ResetTime::Unit::any}}};

/// Returns the word without case and punctuation; `throttlingexception` for
/// `com.amazon.coral#ThrottlingException:http://...`.
std::string plain_word(std::string_view text) {
    if (const auto hash = text.find('#'); hash != std::string_view::npos) text.remove_prefix(hash + 1);
    text = text.substr(0, text.find(':'));
    if (const auto point = text.rfind('.'); point != std::string_view::npos) text.remove_prefix(point + 1);
    std::string word;
    for (const char c : text.substr(0, 64)) {
        const char small = http::to_lower(c);
        if ((small >= 'a' && small <= 'z') || (small >= '0' && small <= '9')) word += small;
    }
    return word;
}

Meaning meaning_of(std::string_view text) {
    const std::string word = plain_word(text);
    const auto is_in = [&word](const auto& words) {
        return std::find(words.begin(), words.end(), word) != words.end();
    };
    if (is_in(words_for_account)) return Meaning::for_account;
    return is_in(words_for_later) ? Meaning::later : Meaning::none;
}

/// Looks in the places of a JSON body where APIs report errors.
class JsonReader {
  public:
    JsonReader(RefusalBody& found, WallTime sent_at) noexcept : found_(found), sent_at_(sent_at) {}

    void read(dom::element root) {
        each(root, [this](dom::object object) { read_root(object); });
    }

    /// For a 2xx answer: reads GraphQL's errors if no data comes with them, and Slack's error if `ok` is false.
    void read_beside_ok(dom::element root) {
        dom::object object;
        if (root.get(object)) return;
        bool is_ok = true;
        dom::element errors;
        if (!object["ok"].get(is_ok) && !is_ok) {
            read_error(object);
        } else if (!object["errors"].get(errors) && has_no_data(object)) {
            each(errors, [this](dom::object error) { read_error(error); });
            read_throttle_status(object);
        }
    }

  private:
    /// Visits an object, or the objects of a list.
    template <class Visit>
    static void each(dom::element value, Visit visit) {
        dom::object object;
        dom::array array;
        if (!value.get(object)) return visit(object);
        if (value.get(array)) return;
        std::size_t count = 0;
        for (const dom::element element : array) {
            if (++count > most_errors) break;
            if (!element.get(object)) visit(object);
        }
    }

    void read_root(dom::object object) {
        read_error(object);
        for (const char* name : {"error", "errors", "fault", "parameters", "Error", "reason"}) {
            dom::element inner;
            if (!object[name].get(inner)) each(inner, [this](dom::object error) { read_error(error); });
        }
        read_throttle_status(object);
    }

    /// Reads an error, and the objects in it.
    void read_error(dom::object error) {
        read_fields(error);
        for (const char* name : {"extensions", "details", "errors", "detail", "reason", "metadata"}) {
            dom::element inner;
            if (!error[name].get(inner)) each(inner, [this](dom::object object) { read_fields(object); });
        }
    }

    void read_fields(dom::object object) {
        std::string_view text;
        if (!object["message"].get(text)) message_ = text;
        for (const std::string_view name : word_fields) {
            if (object[name].get(text)) continue;
            const Meaning meaning = meaning_of(text);
            // A refusal that no wait lifts outranks one that a wait lifts.
            if (meaning == Meaning::none || found_.meaning >= meaning) continue;
            found_.meaning = meaning;
            found_.word = text;
            found_.message = message_;
        }
        for (const WaitName& field : wait_fields) {
            dom::element value;
            if (!found_.wait && !object[field.name].get(value)) read_wait(value, field);
        }
    }

    void read_wait(dom::element value, const WaitName& field) {
        std::string_view text;
        std::string number;
        double amount = 0;
        if (!value.is_string()) {
            if (value.get(amount)) return;
            text = number = fmt::format("{}", amount);
        } else if (value.get(text)) {
            return;
        }
        found_.wait = http::ResetTime(text, sent_at_, field.unit).most_plausible();
        if (found_.wait) found_.wait_source = field.name;
    }

    /// Reads Shopify's bucket: the points that this query lacks are restored at a rate.
    void read_throttle_status(dom::object root) {
        dom::element cost;
        double requested = 0, available = 0, rate = 0;
        if (root.at_pointer("/extensions/cost").get(cost)) return;
        if (cost.at_pointer("/requestedQueryCost").get(requested)) return;
        if (cost.at_pointer("/throttleStatus/currentlyAvailable").get(available)) return;
        if (cost.at_pointer("/throttleStatus/restoreRate").get(rate) || rate <= 0) return;
        const auto wait = http::duration_of(std::max(requested - available, 0.0) / rate);
        if (!wait) return;
        found_.wait = http::ParsedWait{*wait, {}};
        found_.wait_source = "throttleStatus";
    }

    static bool has_no_data(dom::object object) {
        dom::element data;
        if (object["data"].get(data) || data.is_null()) return true;
        dom::object fields;
        if (data.get(fields)) return false;
        return std::all_of(fields.begin(), fields.end(), [](const auto& field) { return field.value.is_null(); });
    }

    RefusalBody& found_;
    WallTime sent_at_;
    std::string_view message_;  // the last one seen: of this object, or of the one around it
};

/// Reads `<Error><Code>SlowDown</Code>`, which AWS sends.
void read_xml(std::string_view body, RefusalBody& found) {
    const auto text_of = [body](std::string_view begin, std::string_view end) {
        const auto at = body.find(begin);
        if (at == std::string_view::npos) return std::string_view();
        const std::string_view rest = body.substr(at + begin.size());
        return rest.substr(0, std::min(rest.find(end), std::size_t{200}));
    };
    if (body.find("<Error>") == std::string_view::npos) return;
    const std::string_view code = text_of("<Code>", "</Code>");
    found.meaning = meaning_of(code);
    if (found.meaning == Meaning::none) return;
    found.word = code;
    found.message = text_of("<Message>", "</Message>");
}

/// Whether the body of a 2xx answer is worth parsing.
bool may_refuse(std::string_view body) noexcept {
    if (body.size() > longest_refusal_in_ok) return false;
    const auto first = body.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos || body[first] != '{') return false;
    // This runs for every 2xx answer, so it looks only where these services report errors: `ok` is the first field that
    // Slack sends.
    std::string_view rest = body.substr(first + 1);
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n"), rest.size()));
    constexpr std::string_view errors = "\"errors\"";
    return rest.starts_with("\"ok\"") || memmem(rest.data(), rest.size(), errors.data(), errors.size()) != nullptr;
}

void read_json(const http::Response& response, bool is_ok, JsonReader reader) {
    dom::parser parser;
    dom::element root;
    if (parser.parse(response.body.data(), response.body.size()).get(root)) return;
    if (is_ok) {
        reader.read_beside_ok(root);
    } else {
        reader.read(root);
    }
}

}  // namespace

std::optional<RefusalBody> read_refusal_body(const http::Response& response, WallTime now) {
    const bool is_ok = response.status / 100 == 2;
    if (is_ok ? !may_refuse(response.body) : response.body.size() > longest_refusal_body) return std::nullopt;
    RefusalBody found;
    const auto first = response.body.find_first_not_of(" \t\r\n");
    const char c = first == std::string::npos ? '\0' : response.body[first];
    if (c == '{' || c == '[') {
        read_json(response, is_ok, JsonReader(found, http::server_time(response.headers, now)));
    } else if (c == '<') {
        read_xml(response.body, found);
    }
    if (const auto type = is_ok ? std::nullopt : response.headers.get("x-amzn-errortype"); type && found.word.empty()) {
        found.meaning = meaning_of(*type);
        if (found.meaning != Meaning::none) found.word = *type;
    }
    const bool says_nothing = found.meaning == Meaning::none && (!found.wait || is_ok);
    if (says_nothing) return std::nullopt;
    return found;
}

}  // namespace plait::batch
