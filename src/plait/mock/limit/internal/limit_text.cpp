#include "plait/mock/limit/internal/limit_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace plait::mock::internal {

namespace {

using namespace std::chrono_literals;

constexpr std::string_view no_key = "everybody";

// Retry-After comes first: it is the default.
constexpr std::array<FieldFamily, 22> families{{
    {"retry-after", "Retry-After: %reset%", ResetForm::seconds, true},
    {"retry-after-ms", "retry-after-ms: %reset%", ResetForm::ms, true},
    {"x-retry-in", "X-Retry-In: %reset%", ResetForm::duration, true},
    {"x-ratelimit-after", "x-ratelimit-after: %reset%", ResetForm::seconds, true},
    {"x-ratelimit-retry-after", "X-RateLimit-Retry-After: %reset%", ResetForm::seconds, true},
    {"x-rate-limit-retry-after-seconds", "X-Rate-Limit-Retry-After-Seconds: %reset%", ResetForm::seconds, true},
    {"reset-at", "reset_at: %reset%", ResetForm::iso, true},
    // draft-ietf-httpapi-ratelimit-headers-10 and -11, which are the same on the wire; then older ones.
    {"draft",
     "RateLimit-Policy: \"%time%\";q=%limit%;w=%window%%pk%\nRateLimit: \"%time%\";r=%remaining%;t=%reset%%pk%",
     ResetForm::seconds, false, true, true},
    {"draft-8",
     "RateLimit-Policy: \"%limit%-in-%window%sec\"; q=%limit%; w=%window%; pk=:%key%:\n"
     "RateLimit: \"%limit%-in-%window%sec\"; r=%remaining%; t=%reset%",
     ResetForm::seconds, false, true, true},
    {"draft-7", "RateLimit-Policy: %limit%;w=%window%\nRateLimit: limit=%limit%, remaining=%remaining%, reset=%reset%",
     ResetForm::seconds, false, true},
    {"draft-6",
     "RateLimit-Policy: %limit%;w=%window%\nRateLimit-Limit: %limit%\nRateLimit-Remaining: %remaining%\n"
     "RateLimit-Reset: %reset%",
     ResetForm::seconds, false, true},
    {"ratelimit", "RateLimit-Limit: %limit%\nRateLimit-Remaining: %remaining%\nRateLimit-Reset: %reset%"},
    {"x-ratelimit", "X-RateLimit-Limit: %limit%\nX-RateLimit-Remaining: %remaining%\nX-RateLimit-Reset: %reset%"},
    {"x-rate-limit", "X-Rate-Limit-Limit: %limit%\nX-Rate-Limit-Remaining: %remaining%\nX-Rate-Limit-Reset: %reset%"},
    {"x-ratelimit-requests",
     "X-RateLimit-Limit-Requests: %limit%\nX-RateLimit-Remaining-Requests: %remaining%\n"
     "X-RateLimit-Reset-Requests: %reset%"},
    {"x-ratelimit-user",
     "X-RateLimit-UserLimit: %limit%\nX-RateLimit-UserRemaining: %remaining%\nX-RateLimit-UserReset: %reset%",
     ResetForm::epoch_ms},
    {"x-rate-limit-remaining", "X-Rate-Limit-Remaining: %remaining%"},
    {"anthropic",
     "anthropic-ratelimit-requests-limit: %limit%\nanthropic-ratelimit-requests-remaining: %remaining%\n"
     "anthropic-ratelimit-requests-reset: %reset%",
     ResetForm::iso},
    {"envoy",
     "x-ratelimit-limit: %limit%, %limit%;w=%window%\nx-ratelimit-remaining: %remaining%\n"
     "x-ratelimit-reset: %reset%"},
    {"hubspot",
     "X-HubSpot-RateLimit-Max: %limit%\nX-HubSpot-RateLimit-Remaining: %remaining%\n"
     "X-HubSpot-RateLimit-Interval-Milliseconds: %window-ms%"},
    {"spring",
     "X-RateLimit-Remaining: %remaining%\nX-RateLimit-Burst-Capacity: %limit%\n"
     "X-RateLimit-Replenish-Rate: %per-second%\nX-RateLimit-Requested-Tokens: 1"},
    {"tollbooth", "X-Rate-Limit-Limit: %per-second%\nX-Rate-Limit-Duration: 1"},
}};

std::string base64(std::string_view bytes) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const auto byte = [&](std::size_t at) {
            return i + at < bytes.size() ? static_cast<std::uint8_t>(bytes[i + at]) : 0u;
        };
        const std::uint32_t bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        text += digits[bits >> 18];
        text += digits[bits >> 12 & 63];
        text += i + 1 < bytes.size() ? digits[bits >> 6 & 63] : '=';
        text += i + 2 < bytes.size() ? digits[bits & 63] : '=';
    }
    return text;
}

/// The values of the placeholders for one limit. Lies are made here only.
class Words {
  public:
    Words(const LimitTelling& telling, const LimitState& state, const LimitDialect& dialect)
        : telling_(telling), state_(state), dialect_(dialect) {}

    std::string operator()(std::string_view name) const {
        if (name == "limit") return falsified(fmt::format("{}", state_.limit));
        if (name == "remaining") return remaining();
        if (name == "reset") return falsified(reset());
        if (name == "seconds") return reset_text(state_.reset, telling_.now, ResetForm::seconds, Rounding::up);
        if (name == "fraction") return reset_text(state_.reset, telling_.now, ResetForm::seconds, Rounding::exact);
        if (name == "window") return fmt::format("{}", std::chrono::ceil<std::chrono::seconds>(state_.window).count());
        if (name == "window-ms") {
            return fmt::format("{}", std::chrono::ceil<std::chrono::milliseconds>(state_.window).count());
        }
        if (name == "time") return duration_text(state_.window);
        if (name == "per-second") return fmt::format("{:.2f}", per_second());
        const std::string key = base64(telling_.partition.empty() ? no_key : telling_.partition);
        if (name == "key") return key;
        return telling_.partition.empty() ? "" : fmt::format(";pk=:{}:", key);
    }

  private:
    std::string remaining() const {
        if (telling_.lie == Lie::Kind::full) return fmt::format("{}", state_.limit);
        if (telling_.lie == Lie::Kind::used_up) return "0";
        return falsified(fmt::format("{}", state_.remaining));
    }

    std::string reset() const {
        if (dialect_.rounding == Rounding::one) return "1";
        Duration wait = dialect_.rounding == Rounding::window ? state_.window : state_.reset;
        if (telling_.lie == Lie::Kind::past) wait = -1h;
        return reset_text(wait, telling_.now, dialect_.reset, dialect_.rounding);
    }

    double per_second() const {
        return static_cast<double>(state_.limit) / std::chrono::duration<double>(state_.window).count();
    }

    std::string falsified(std::string truth) const {
        if (telling_.lie == Lie::Kind::garbage) return "soon; maybe";
        if (telling_.lie == Lie::Kind::negative) return "-17";
        if (telling_.lie == Lie::Kind::huge) return "999999999999999999999";
        return truth;
    }

    const LimitTelling& telling_;
    const LimitState& state_;
    const LimitDialect& dialect_;
};

/// Appends `text` with its placeholders, which are between percent signs, filled.
void append_filled(std::string& out, std::string_view text, const Words& words) {
    for (;;) {
        const auto begin = text.find('%');
        out.append(text.substr(0, begin));
        if (begin == std::string_view::npos) return;
        text.remove_prefix(begin + 1);
        const auto end = text.find('%');
        out.append(words(text.substr(0, end)));
        text.remove_prefix(end + 1);
    }
}

void append_line(std::string& out, std::string_view line, const LimitDialect& dialect, const LimitTelling& telling) {
    constexpr std::string_view colon = ": ";
    const auto name_end = line.find(colon);
    out.append(line.substr(0, name_end));
    if (!dialect.suffix.empty()) out.append("-").append(dialect.suffix);
    std::string_view separator = colon;
    const auto append_value = [&](const LimitState& state) {
        out.append(std::exchange(separator, ", "));
        append_filled(out, line.substr(name_end + colon.size()), Words(telling, state, dialect));
    };
    if (dialect.family().lists_all) {
        for (const LimitState& state : telling.limits) append_value(state);
    } else {
        append_value(telling.limits[telling.tightest]);
    }
    out.append("\r\n");
}

}  // namespace

std::span<const FieldFamily> field_families() { return families; }

void append_limit_headers(std::string& out, std::span<const LimitDialect> dialects, const LimitTelling& telling) {
    for (const LimitDialect& dialect : dialects) {
        if (dialect.family().on_refusals && !telling.refused && !dialect.always) continue;
        for (std::string_view lines = dialect.family().fields; !lines.empty();) {
            const auto end = std::min(lines.find('\n'), lines.size());
            append_line(out, lines.substr(0, end), dialect, telling);
            lines.remove_prefix(std::min(end + 1, lines.size()));
        }
    }
}

void append_filled(std::string& out, std::string_view text, const LimitTelling& telling) {
    const LimitDialect plain;
    append_filled(out, text, Words(telling, telling.limits[telling.tightest], plain));
}

}  // namespace plait::mock::internal
