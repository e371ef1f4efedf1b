#pragma once

#include <array>
#include <string_view>

namespace plait::batch {

/// The form of request lines and of result lines: plait's own, or that of the batch files of a vendor.
enum class BatchFormat { plait, anthropic, gemini, mistral, openai };

/// What plait knows of a vendor's batch files, beside the fields of their lines.
struct BatchFormatEntry {
    BatchFormat format;
    std::string_view name;    ///< as flags spell it
    std::string_view vendor;  ///< for messages
    std::string_view id_field;
    /// Where requests are sent if there is no `--base-url`.
    std::string_view base_url;
    std::string_view help;
};

inline constexpr std::array<BatchFormatEntry, 4> batch_formats{{
    {BatchFormat::anthropic, "anthropic-batch", "Anthropic", "custom_id", "https://api.anthropic.com",
     "lines with custom_id and params"},
    {BatchFormat::gemini, "gemini-batch", "Gemini", "key", "https://generativelanguage.googleapis.com",
     "lines with key and request; --model names the model of requests that name none"},
    {BatchFormat::mistral, "mistral-batch", "Mistral", "custom_id", "https://api.mistral.ai",
     "lines with custom_id and body; --model names the model of bodies that name none"},
    {BatchFormat::openai, "openai-batch", "OpenAI", "custom_id", "https://api.openai.com",
     "lines with custom_id, method, url and body, also those of vLLM"},
}};

/// Returns the entry of a vendor's format; null for `plait`.
const BatchFormatEntry* find_batch_format(BatchFormat format) noexcept;

/// Returns the format that a flag names. Throws `Error(bad_input)`, which lists the names.
BatchFormat parse_batch_format(std::string_view name);

}  // namespace plait::batch
