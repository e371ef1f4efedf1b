#include "plait/batch/resume/started_jobs.hpp"

#include "plait/base/error.hpp"
#include "plait/batch/follow/follow_rule.hpp"
#include "plait/batch/resume/internal/state_file.hpp"
#include "plait/http/message/url.hpp"
#include "plait/json/text.hpp"
#include "plait/json/value.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace plait::batch {

namespace {

namespace ondemand = simdjson::ondemand;

/// Fields about the request that started the job, and what it cost.
constexpr std::array<std::string_view, 12> left_out{"method",          "url",       "params", "body",
                                                    "body_base64",     "body_file", "form",   "multipart",
                                                    "idempotency_key", "cost",      "follow", "safe_to_repeat"};

const std::string* setting(const Settings& settings, std::string_view name) {
    const auto found =
        std::find_if(settings.begin(), settings.end(), [name](const auto& one) { return one.first == name; });
    return found == settings.end() ? nullptr : &found->second;
}

/// Whether what is sent to `url`, which may be relative to the base URL of the run, may be sent to `poll_url`, too.
bool are_of_one_origin(const std::string& url, std::string_view poll_url, const Settings& settings) {
    const std::string* const base = setting(settings, "--base-url");
    const bool is_whole = url.find("://") != std::string::npos;
    if (!is_whole && !base) return false;
    return http::Url(is_whole ? url : *base).origin() == http::Url(std::string(poll_url)).origin();
}

/// Returns the rule without what names the poll URL, which is known; empty: it is not about a job.
std::string rule_of_known_job(const std::string& rule) {
    const FollowRule follow = FollowRule::parse(rule);
    if (!follow.poll()) return "";
    PollRule poll = *follow.poll();
    poll.at.clear();
    return FollowRule(std::move(poll)).text();
}

}  // namespace

std::map<std::uint64_t, std::string> started_jobs(const std::string& state_path) {
    constexpr std::string_view prefix = "poll ";
    std::map<std::uint64_t, std::string> jobs;
    internal::Database database(state_path, internal::Database::Access::read);
    if (!internal::is_laid_out(database)) return jobs;
    internal::Statement statement(database, "SELECT name, value FROM fact WHERE name GLOB 'poll *'");
    while (statement.step()) {
        const std::string_view number = statement.text(0).substr(prefix.size());
        std::uint64_t line = 0;
        std::from_chars(number.data(), number.data() + number.size(), line);
        jobs.emplace(line, statement.text(1));
    }
    return jobs;
}

std::optional<std::string> line_to_take_up(std::string_view line, std::string_view poll_url, const Settings& settings) {
    if (poll_url.find('{') != std::string_view::npos) return std::nullopt;
    std::string kept, url, rule;
    if (const std::string* const usual = setting(settings, "--follow")) rule = *usual;
    try {
        json::PaddedText text;
        ondemand::parser parser;
        ondemand::document document = parser.iterate(text.assign({line}));
        for (ondemand::field field : document.get_object()) {
            const std::string name(std::string_view(field.unescaped_key()));
            ondemand::value value = field.value();
            if (name == "url") url = std::string_view(value.get_string());
            if (name == "follow") rule = std::string_view(value.get_object().value().raw_json());
            if (std::find(left_out.begin(), left_out.end(), name) != left_out.end()) continue;
            kept += ',';
            json::append_string(kept, name);
            kept.append(":").append(simdjson::to_json_string(value).value());
        }
        rule = rule.empty() ? "" : rule_of_known_job(rule);
        if (rule.empty() || !are_of_one_origin(url, poll_url, settings)) return std::nullopt;
    } catch (const simdjson::simdjson_error&) {
        return std::nullopt;
    } catch (const Error&) {
        return std::nullopt;
    }
    std::string asking = R"({"method":"GET","url":)";
    json::append_string(asking, poll_url);
    return asking.append(kept).append(R"(,"follow":)").append(rule).append("}");
}

}  // namespace plait::batch
