#include "plait/doctor/finding.hpp"

#include "plait/json/object_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace plait::doctor {

namespace {

std::uint64_t count(const std::vector<Finding>& findings, Verdict verdict) {
    return static_cast<std::uint64_t>(
        std::count_if(findings.begin(), findings.end(), [=](const Finding& one) { return one.verdict == verdict; }));
}

}  // namespace

std::string_view to_string(Verdict verdict) noexcept {
    switch (verdict) {
        case Verdict::ok:
            return "ok";
        case Verdict::warn:
            return "warn";
        case Verdict::wrong:
            break;
    }
    return "wrong";
}

bool any_wrong(const std::vector<Finding>& findings) noexcept { return count(findings, Verdict::wrong) > 0; }

std::string findings_text(const std::vector<Finding>& findings) {
    std::size_t longest = 0;
    for (const Finding& finding : findings) longest = std::max(longest, finding.name.size());
    std::string text;
    for (const Finding& finding : findings) {
        text += fmt::format("{:<5}  {:<{}}  {}", to_string(finding.verdict), finding.name, longest, finding.message);
        if (!finding.advice.empty()) text += ": " + finding.advice;
        text += '\n';
    }
    return text;
}

std::string findings_json(const std::vector<Finding>& findings) {
    const auto write = [](const Finding& finding) {
        return json::ObjectWriter()
            .text("name", finding.name)
            .text("verdict", to_string(finding.verdict))
            .text("message", finding.message)
            .text("advice", finding.advice)
            .end();
    };
    return json::ObjectWriter()
        .list("checks", findings, write)
        .count("ok", count(findings, Verdict::ok))
        .count("warn", count(findings, Verdict::warn))
        .count("wrong", count(findings, Verdict::wrong))
        .end();
}

}  // namespace plait::doctor
